import { expect, test } from "bun:test";
import { usePage } from "../testing/test-page.js";
import { toScreen } from "./projection.js";

const page = usePage();

/** A map of 800 by 600 that keeps what it is told, and an element that is pressed. */
async function bench() {
  const { addGestures } = await import("./map-gestures.js");
  const { document, Event } = page.window;
  const element = document.createElement("div");
  const captured = [];
  element.setPointerCapture = (id) => captured.push(id);
  document.body.append(element);
  const pans = [];
  const map = {
    view: { x: 0.5, y: 0.4, zoom: 5 },
    width: 800,
    height: 600,
    fits: 0,
    move: (view) => {
      map.view = view;
    },
    pan: (dx, dy) => pans.push([dx, dy]),
    fit: () => map.fits++,
  };
  addGestures(element, map);
  let clicks = 0;
  const child = document.createElement("b");
  child.addEventListener("click", () => clicks++);
  element.append(child);
  const fire = (type, fields = {}, target = element) => {
    const event = Object.assign(new Event(type, { bubbles: true, cancelable: true }), {
      button: 0,
      pointerId: 1,
      ...fields,
    });
    target.dispatchEvent(event);
    return event;
  };
  const point = (type, clientX, clientY, pointerId = 1, button = 0) =>
    fire(type, { clientX, clientY, pointerId, button });
  return { map, pans, captured, fire, point, click: () => fire("click", {}, child), clicks: () => clicks };
}

test("a press that hardly moves is a click; one that moves further drags, and its click chooses nothing", async () => {
  const { pans, captured, point, click, clicks } = await bench();
  point("pointerdown", 100, 100);
  point("pointermove", 103, 104);
  point("pointerup", 103, 104);
  click();
  expect([pans, clicks()]).toEqual([[], 1]);
  point("pointerdown", 100, 100);
  point("pointermove", 104, 104);
  point("pointermove", 90, 130);
  point("pointerup", 90, 130);
  click();
  expect([pans, captured, clicks()]).toEqual([
    [
      [4, 4],
      [-14, 26],
    ],
    [1],
    1,
  ]);
  click();
  expect(clicks()).toBe(2);
  point("pointermove", 300, 300);
  point("pointerdown", 100, 100, 1, 2);
  point("pointermove", 300, 300);
  expect(pans).toHaveLength(2);
});

test("two fingers zoom by what they spread, about their middle, and move it with them", async () => {
  const { map, pans, point } = await bench();
  point("pointerdown", 300, 300, 1);
  point("pointerdown", 500, 300, 2);
  point("pointermove", 600, 300, 2);
  expect(pans.at(-1)).toEqual([50, 0]);
  expect(map.view.zoom).toBeCloseTo(5 + Math.log2(300 / 200));
  point("pointerup", 600, 300, 2);
  const { zoom } = map.view;
  point("pointermove", 310, 320, 1);
  expect([pans.at(-1), map.view.zoom]).toEqual([[10, 20], zoom]);
});

test("the wheel zooms about the pointer, by lines or pixels, a step at most; a double click by one", async () => {
  const { map, fire } = await bench();
  const under = { x: 0.48, y: 0.41 };
  const { x: clientX, y: clientY } = toScreen(under, map.view, 800, 600);
  const turned = (fields) => {
    const before = map.view.zoom;
    expect(fire("wheel", { clientX, clientY, ...fields }).defaultPrevented).toBe(true);
    const at = toScreen(under, map.view, 800, 600);
    expect([at.x, at.y]).toEqual([expect.closeTo(clientX, 3), expect.closeTo(clientY, 3)]);
    return map.view.zoom - before;
  };
  expect(turned({ deltaY: -120, deltaMode: 0 })).toBeCloseTo(0.5);
  expect(turned({ deltaY: 60, deltaMode: 0 })).toBeCloseTo(-0.25);
  expect(turned({ deltaY: -3, deltaMode: 1 })).toBeCloseTo(0.25);
  expect([turned({ deltaY: -9999, deltaMode: 0 }), turned({ deltaY: 9999, deltaMode: 0 })]).toEqual([1, -1]);
  const before = map.view.zoom;
  fire("dblclick", { clientX, clientY });
  expect(map.view.zoom - before).toBeCloseTo(1);
});

test("keys move, zoom and fit it, but not those that the browser takes", async () => {
  const { map, pans, fire } = await bench();
  const press = (key, fields = {}) =>
    fire("keydown", { key, ctrlKey: false, metaKey: false, altKey: false, ...fields }).defaultPrevented;
  for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) expect(press(key)).toBe(true);
  expect(pans).toEqual([
    [80, 0],
    [-80, 0],
    [0, 80],
    [0, -80],
  ]);
  const { x, y } = map.view;
  for (const [key, zoom] of [
    ["+", 5.5],
    ["=", 6],
    ["-", 5.5],
  ]) {
    press(key);
    expect(map.view).toEqual({ x: expect.closeTo(x), y: expect.closeTo(y), zoom });
  }
  press("0");
  expect(map.fits).toBe(1);
  for (const held of ["ctrlKey", "metaKey", "altKey"]) expect(press("+", { [held]: true })).toBe(false);
  expect([press("a"), map.view.zoom]).toEqual([false, 5.5]);
});
