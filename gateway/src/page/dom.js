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

const append = (element, children) => {
  const kept = children.flat(3).filter((child) => child !== undefined && child !== null && child !== false);
  element.append(...kept.map((child) => (child instanceof Node ? child : String(child))));
};

/** An HTML element. `on`: listeners by event; `style`: properties; a false or missing attribute is left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  apply(element, attributes);
  append(element, children);
  return element;
}

/** The same for SVG. */
export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  apply(element, attributes);
  append(element, children);
  return element;
}

/** Sets attributes that change while an element stays. */
export const set = (element, attributes) => {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
};

/**
 * Replaces what a container shows; the keyboard's focus stays on the element with the same `data-key`, if it is
 * still there.
 */
export function show(container, ...children) {
  const focused = container.contains(document.activeElement) ? document.activeElement : undefined;
  const key = focused?.closest("[data-key]")?.getAttribute("data-key");
  container.replaceChildren();
  append(container, children);
  if (key !== undefined && key !== null) {
    container.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
  }
}
