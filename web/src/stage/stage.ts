/** The picture on the page: two canvases under one slider, and the camera over them. */

import type { Sheet } from "../files/sheet";
import {
  contained,
  covered,
  fit,
  least,
  MOST,
  pan,
  settle,
  zoom,
  type Camera,
  type Size,
} from "./camera";
import { drawAfter, drawBefore, type View } from "./compose";
import { listen } from "./gestures";

export interface Parts {
  /** Takes gestures. */
  readonly frame: HTMLElement;
  /** Has the properties of CSS that place the slider. */
  readonly root: HTMLElement;
  readonly before: HTMLCanvasElement;
  readonly after: HTMLCanvasElement;
  readonly slider: HTMLInputElement;
}

const NOTHING: Camera = { x: 0, y: 0, scale: 1 };

export class Stage {
  private sheet: Sheet | undefined;
  private view: View = "clean";
  private strength = 1;
  private camera = NOTHING;
  private window: Size = { width: 1, height: 1 };
  private awaited = false;

  /**
   * @param changed - Told when the zoom has changed.
   */
  constructor(
    private readonly parts: Parts,
    private readonly changed: () => void,
  ) {
    parts.slider.addEventListener("input", () => {
      this.placeSlider();
    });
    listen(parts.frame, {
      zoom: (factor, x, y) => {
        this.zoomAt(() => factor, x * devicePixelRatio, y * devicePixelRatio);
      },
      pan: (dx, dy) => {
        const ratio = devicePixelRatio;
        this.look((camera, sheet) => pan(camera, dx * ratio, dy * ratio, sheet, this.window));
      },
      slide: (x) => {
        this.slideTo(x);
      },
      toFit: () => {
        this.toFit();
      },
      toFull: (x, y) => {
        this.zoomAt((scale) => 1 / scale, x * devicePixelRatio, y * devicePixelRatio);
      },
      canPan: () => !!this.sheet && this.camera.scale > contained(this.sheet, this.window),
    });
    new ResizeObserver(() => {
      this.resize();
    }).observe(parts.frame);
  }

  /** Shows a picture, or nothing; another one is fitted into the window. */
  show(sheet: Sheet | undefined, view: View, strength: number): void {
    const other = sheet !== this.sheet;
    Object.assign(this, { sheet, view, strength });
    this.parts.after.dataset.view = view;
    this.parts.root.toggleAttribute("data-blank", !sheet);
    if (other && sheet) this.toFit();
    else this.draw();
  }

  /** Enlarges around the middle. */
  zoomBy(factor: number): void {
    this.zoomAt(() => factor, this.window.width / 2, this.window.height / 2);
  }

  /** To a pixel of the screen for each of the picture. */
  toFull(): void {
    this.zoomAt((scale) => 1 / scale, this.window.width / 2, this.window.height / 2);
  }

  toFit(): void {
    this.look((_, sheet) => fit(sheet, this.window));
  }

  get percent(): number {
    return Math.round(this.camera.scale * 100);
  }

  /** As when it was opened. */
  get isFitted(): boolean {
    return !this.sheet || this.camera.scale === fit(this.sheet, this.window).scale;
  }

  get isSmallest(): boolean {
    return !this.sheet || this.camera.scale <= least(this.sheet, this.window);
  }

  get isLargest(): boolean {
    return this.camera.scale >= MOST;
  }

  private zoomAt(factor: (scale: number) => number, x: number, y: number): void {
    this.look((camera, sheet) => zoom(camera, factor(camera.scale), x, y, sheet, this.window));
  }

  private look(move: (camera: Camera, sheet: Sheet) => Camera): void {
    if (!this.sheet) return;
    this.camera = move(this.camera, this.sheet);
    this.placeSlider();
    this.draw();
    this.changed();
  }

  private resize(): void {
    const { frame, before, after } = this.parts;
    const fitted = this.isFitted;
    const width = Math.max(1, Math.round(frame.clientWidth * devicePixelRatio));
    const height = Math.max(1, Math.round(frame.clientHeight * devicePixelRatio));
    this.window = { width, height };
    before.width = after.width = width;
    before.height = after.height = height;
    if (fitted) this.toFit();
    else this.look((camera, sheet) => settle(camera, sheet, this.window));
  }

  private slideTo(x: number): void {
    if (!this.sheet) return;
    const { left, right } = covered(this.camera, this.sheet, this.window);
    const share = (x * devicePixelRatio - left) / (right - left);
    this.parts.slider.value = String(100 * Math.max(0, Math.min(1, share)));
    this.placeSlider();
  }

  /** The slider covers the part of the picture that is seen. */
  private placeSlider(): void {
    if (!this.sheet) return;
    const box = covered(this.camera, this.sheet, this.window);
    const split = box.left + ((box.right - box.left) * this.parts.slider.valueAsNumber) / 100;
    for (const [name, value] of Object.entries({ ...box, split })) {
      this.parts.root.style.setProperty(`--${name}`, `${value / devicePixelRatio}px`);
    }
  }

  /** Draws with the next frame, once. */
  draw(): void {
    if (this.awaited) return;
    this.awaited = true;
    requestAnimationFrame(() => {
      this.awaited = false;
      const before = this.parts.before.getContext("2d");
      const after = this.parts.after.getContext("2d");
      if (!before || !after || !this.sheet) return;
      drawBefore(before, this.sheet, this.camera);
      drawAfter(after, this.sheet, this.camera, this.view, this.strength);
    });
  }
}
