// Typed access to the elements of a view.

/**
 * Fill `root` with a copy of a template of the page.
 * @param {HTMLElement} root
 * @param {string} id of the template
 */
export function fillFrom(root, id) {
  const template = document.getElementById(id);
  if (!(template instanceof HTMLTemplateElement)) throw new Error(`no template ${id}`);
  root.replaceChildren(template.content.cloneNode(true));
}

/**
 * The element with `data-part="name"`. Throws where it is missing or of another kind.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} name
 * @param {new () => T} kind
 * @returns {T}
 */
export function part(root, name, kind) {
  const found = root.querySelector(`[data-part="${name}"]`);
  if (!(found instanceof kind)) throw new Error(`no ${kind.name} with data-part="${name}"`);
  return found;
}

/**
 * Show what belongs to `state`: elements with `data-in` are hidden unless it names the state.
 * @param {HTMLElement} root
 * @param {string} state
 */
export function showState(root, state) {
  root.dataset.state = state;
  for (const element of root.querySelectorAll("[data-in]")) {
    if (element instanceof HTMLElement) {
      element.hidden = !(element.dataset.in ?? "").split(" ").includes(state);
    }
  }
}
