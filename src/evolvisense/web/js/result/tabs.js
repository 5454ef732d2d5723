// Tabs as WAI-ARIA describes them: arrows move between them, one panel is shown.

/**
 * @param {HTMLElement} list with role tablist; each tab names its panel in aria-controls
 * @param {AbortSignal} signal
 */
export function prepareTabs(list, signal) {
  const tabs = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[role=tab]")]);
  const choose = (/** @type {HTMLElement} */ chosen) => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !isChosen;
    }
  };
  list.addEventListener("click", (event) => {
    const tab = tabs.find((one) => one.contains(/** @type {Node} */ (event.target)));
    if (tab) choose(tab);
  }, { signal });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const now = tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
    const next = tabs[(now + step + tabs.length) % tabs.length];
    choose(next);
    next.focus();
  }, { signal });
  choose(tabs[0]);
}
