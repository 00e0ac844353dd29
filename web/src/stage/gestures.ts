/** Wheel, drag, pinch and keys over the picture, as moves of the camera. */

export interface Moves {
  /** Positions in CSS pixels of the element. */
  zoom(factor: number, x: number, y: number): void;
  pan(dx: number, dy: number): void;
  /** A drag where there is nothing to pan: the slider follows. */
  slide(x: number): void;
  toFit(): void;
  toFull(x: number, y: number): void;
  canPan(): boolean;
}

const STEP = 1.25; // a key or a button
const ARROW = 60; // pixels

export function listen(element: HTMLElement, moves: Moves): void {
  const pointers = new Map<number, PointerEvent>();
  let slides = false;

  const at = (event: MouseEvent): [number, number] => {
    const { left, top } = element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };

  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      const speed = event.ctrlKey ? 0.01 : 0.002; // a pinch on a touch pad comes with ctrl
      moves.zoom(Math.exp(-event.deltaY * lines * speed), ...at(event));
    },
    { passive: false },
  );

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
    slides = pointers.size === 1 && !moves.canPan();
    if (slides) moves.slide(at(event)[0]);
  });

  element.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    if (pointers.size === 1) {
      if (slides) moves.slide(at(event)[0]);
      else moves.pan(event.clientX - before.clientX, event.clientY - before.clientY);
    }
    const others = [...pointers.values()].filter((p) => p.pointerId !== event.pointerId);
    if (others.length === 1) {
      const [x, y] = middle(at(event), at(others[0]));
      const [oldX, oldY] = middle(at(before), at(others[0]));
      moves.zoom(distance(event, others[0]) / distance(before, others[0]), oldX, oldY);
      moves.pan(x - oldX, y - oldY);
      slides = false;
    }
    pointers.set(event.pointerId, event);
  });

  const release = (event: PointerEvent): void => {
    pointers.delete(event.pointerId);
  };
  element.addEventListener("pointerup", release);
  element.addEventListener("pointercancel", release);

  element.addEventListener("dblclick", (event) => {
    if (moves.canPan()) moves.toFit();
    else moves.toFull(...at(event));
  });

  element.addEventListener("keydown", (event) => {
    if (event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return;
    const [x, y] = [element.clientWidth / 2, element.clientHeight / 2];
    const keys: Record<string, (() => void) | undefined> = {
      "+": () => {
        moves.zoom(STEP, x, y);
      },
      "=": () => {
        moves.zoom(STEP, x, y);
      },
      "-": () => {
        moves.zoom(1 / STEP, x, y);
      },
      "0": () => {
        moves.toFit();
      },
      "1": () => {
        moves.toFull(x, y);
      },
      ArrowLeft: () => {
        moves.pan(ARROW, 0);
      },
      ArrowRight: () => {
        moves.pan(-ARROW, 0);
      },
      ArrowUp: () => {
        moves.pan(0, ARROW);
      },
      ArrowDown: () => {
        moves.pan(0, -ARROW);
      },
    };
    const move = keys[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  });
}

type Point = readonly [number, number];

const middle = (a: Point, b: Point): Point => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
const distance = (a: PointerEvent, b: PointerEvent): number =>
  Math.max(1, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY));
