// Light or dark: as the system says, or as chosen here.

/** @typedef {"light" | "dark"} Theme */

const PLACE = "evolvisense.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** @returns {Theme} what is shown now */
export function theme() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return system.matches ? "dark" : "light";
}

/**
 * Call back whenever the theme changes.
 * @param {(theme: Theme) => void} changed
 * @returns {() => void} stops that
 */
export function onTheme(changed) {
  const tell = () => changed(theme());
  system.addEventListener("change", tell);
  window.addEventListener("evolvisense:theme", tell);
  return () => {
    system.removeEventListener("change", tell);
    window.removeEventListener("evolvisense:theme", tell);
  };
}

/** Show the other theme, and remember that unless it is the system's own. */
export function switchTheme() {
  const next = theme() === "dark" ? "light" : "dark";
  const isSystems = (next === "dark") === system.matches;
  if (isSystems) localStorage.removeItem(PLACE);
  else localStorage.setItem(PLACE, next);
  apply();
  window.dispatchEvent(new Event("evolvisense:theme"));
}

/** Show what was chosen before. */
export function apply() {
  const chosen = localStorage.getItem(PLACE);
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
}
