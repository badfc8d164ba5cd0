import { zoomAt } from "./projection.js";

/** Below this a press is a click, not a drag. */
const DRAG_PX = 5;
const KEY_PAN_PX = 80;

/**
 * Moves a map by mouse, touch, wheel and keys. `map` has `view`, `width`, `height` and `move(view)`.
 */
export function addGestures(element, map) {
  const pointers = new Map();
  let isDragging = false;
  let pinch;

  const place = (event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const zoomBy = (steps, { x, y }) =>
    map.move(zoomAt(map.view, map.view.zoom + steps, x, y, map.width, map.height));

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, place(event));
    isDragging = false;
    pinch = pointers.size === 2 ? pinchOf(pointers) : undefined;
  });

  element.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (before === undefined) return;
    const now = place(event);
    const isFar = Math.hypot(now.x - before.x, now.y - before.y) > DRAG_PX;
    if (!isDragging && !isFar && pointers.size === 1) return;
    if (!isDragging) {
      isDragging = true;
      // From here on the drag goes on outside of the map too; earlier, a click would lose its target.
      for (const id of pointers.keys()) element.setPointerCapture(id);
    }
    pointers.set(event.pointerId, now);
    if (pointers.size === 2 && pinch !== undefined) {
      const next = pinchOf(pointers);
      map.pan(next.x - pinch.x, next.y - pinch.y);
      zoomBy(Math.log2(next.spread / pinch.spread), next);
      pinch = next;
    } else {
      map.pan(now.x - before.x, now.y - before.y);
    }
  });

  const release = (event) => {
    pointers.delete(event.pointerId);
    pinch = undefined;
  };
  element.addEventListener("pointerup", release);
  element.addEventListener("pointercancel", release);

  // The click that ends a drag chooses nothing.
  element.addEventListener(
    "click",
    (event) => {
      if (!isDragging) return;
      isDragging = false;
      event.stopPropagation();
    },
    { capture: true },
  );

  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
      zoomBy(Math.max(-1, Math.min(1, (-event.deltaY * lines) / 240)), place(event));
    },
    { passive: false },
  );

  element.addEventListener("dblclick", (event) => zoomBy(1, place(event)));

  element.addEventListener("keydown", (event) => {
    const centre = { x: map.width / 2, y: map.height / 2 };
    const moves = {
      ArrowLeft: () => map.pan(KEY_PAN_PX, 0),
      ArrowRight: () => map.pan(-KEY_PAN_PX, 0),
      ArrowUp: () => map.pan(0, KEY_PAN_PX),
      ArrowDown: () => map.pan(0, -KEY_PAN_PX),
      "+": () => zoomBy(0.5, centre),
      "=": () => zoomBy(0.5, centre),
      "-": () => zoomBy(-0.5, centre),
      0: () => map.fit(),
    };
    const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  });
}

function pinchOf(pointers) {
  const [a, b] = [...pointers.values()];
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, spread: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)) };
}
