/** Elements from plain calls. All text goes in as text nodes, so nothing that the API says can become markup. */

const SVG = "http://www.w3.org/2000/svg";

function apply(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    } else if (name === "style") {
      for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
}

/** Children as nodes: nested lists are opened, and what is missing or false is left out. */
const nodesOf = (children) =>
  children
    .flat(4)
    .filter((child) => child !== undefined && child !== null && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));

/** An HTML element. `on`: listeners by event; `style`: properties; a false or missing attribute is left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  apply(element, attributes);
  element.append(...nodesOf(children));
  return element;
}

/** The same for SVG. */
export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  apply(element, attributes);
  element.append(...nodesOf(children));
  return element;
}

/** Sets attributes that change while an element stays. */
export const set = (element, attributes) => {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
};

/** Makes a container show these and nothing else. */
export const mount = (container, ...children) => container.replaceChildren(...nodesOf(children));

/**
 * Updates the content of a container. Children that look the same stay as they are, with whatever the reader
 * has marked in them; the keyboard's focus stays on the element with the same `data-key`, if it is still there.
 */
export function show(container, ...children) {
  const focused = container.contains(document.activeElement) ? document.activeElement : undefined;
  const key = focused?.closest("[data-key]")?.getAttribute("data-key");
  const fresh = nodesOf(children);
  const old = [...container.childNodes];
  for (const node of old.slice(fresh.length)) node.remove();
  fresh.forEach((node, i) => {
    if (old[i] === undefined) container.append(node);
    else if (old[i] !== node && !old[i].isEqualNode(node)) old[i].replaceWith(node);
  });
  if (focused?.isConnected === false && key !== undefined && key !== null) {
    container.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
  }
}
