/** A picture that is open: as it was, and as far as it is restored. One or two at a time. */

import type { Picture } from "../engine/pixels";
import type { Band } from "../engine/looks";
import { runs } from "../engine/tiles";

const SMALL = 2048; // longest side of what is shown of a large picture that fits the window
const STRIP = 512; // rows that are read at a time

/** This browser's canvas cannot hold the picture. */
export class TooLarge extends Error {
  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    super(`${width}x${height} pixels are too large`);
  }
}

export class Sheet {
  /** As wide as `rainy`, or smaller. */
  smallRainy: ImageBitmap | undefined;
  smallClean: ImageBitmap | undefined;
  /** The restored picture at a smaller size, while the whole is in work. */
  preview: ImageBitmap | undefined;
  /** Rows of `clean` that are restored. */
  ready = 0;
  readonly clean: OffscreenCanvas;
  private readonly context: OffscreenCanvasRenderingContext2D;

  private constructor(readonly rainy: ImageBitmap) {
    this.clean = new OffscreenCanvas(rainy.width, rainy.height);
    const context = this.clean.getContext("2d", { willReadFrequently: true });
    if (!context || !holds(context, rainy.width, rainy.height)) {
      this.clean.width = this.clean.height = 0;
      throw new TooLarge(rainy.width, rainy.height);
    }
    this.context = context;
  }

  /**
   * Opens a picture, upright and in sRGB.
   *
   * @throws TooLarge, or DOMException where the browser cannot read the file.
   */
  static async open(file: Blob): Promise<Sheet> {
    const rainy = await createImageBitmap(file);
    try {
      const sheet = new Sheet(rainy);
      sheet.smallRainy = await shrunk(rainy);
      return sheet;
    } catch (error) {
      rainy.close(); // too large for a canvas, it is large above all
      throw error;
    }
  }

  get width(): number {
    return this.rainy.width;
  }

  get height(): number {
    return this.rainy.height;
  }

  /** Rows may come again, better than before. */
  paint(band: Band): void {
    this.context.putImageData(new ImageData(band.pixels, this.width), 0, band.top);
    this.ready = Math.max(this.ready, band.top + band.rows);
  }

  /** Takes a whole restored picture. */
  async fill(picture: Blob): Promise<void> {
    const bitmap = await createImageBitmap(picture);
    this.context.clearRect(0, 0, this.width, this.height);
    this.context.drawImage(bitmap, 0, 0);
    bitmap.close();
    await this.finish();
  }

  async finish(): Promise<void> {
    this.ready = this.height;
    this.smallClean = await shrunk(this.clean);
    this.preview?.close();
    this.preview = undefined;
  }

  /** Back to the beginning. */
  restart(): void {
    this.ready = 0;
    this.smallClean?.close();
    this.smallClean = undefined;
  }

  close(): void {
    for (const bitmap of [this.rainy, this.smallRainy, this.smallClean, this.preview]) {
      bitmap?.close();
    }
    this.clean.width = this.clean.height = 0; // gives its memory back at once
  }

  /** The result at a strength from 0 to 1, to be encoded. */
  blended(strength: number): OffscreenCanvas {
    if (strength === 1) return this.clean;
    const result = new OffscreenCanvas(this.width, this.height);
    const context = contextOf(result);
    for (const { top, rows, pixels } of strips(this.rainy)) {
      const clean = this.context.getImageData(0, top, this.width, rows).data;
      for (let i = 0; i < pixels.length; i++) pixels[i] += strength * (clean[i] - pixels[i]);
      context.putImageData(new ImageData(pixels, this.width), 0, top);
    }
    return result;
  }
}

/** All pixels of a bitmap; read in strips, since a canvas is often smaller than a picture. */
export function pixelsOf(bitmap: ImageBitmap, grey: boolean): Picture {
  const { width, height } = bitmap;
  const whole = new Uint8ClampedArray(width * height * 4);
  for (const { top, pixels } of strips(bitmap)) whole.set(pixels, top * width * 4);
  return { pixels: whole, width, height, grey };
}

function* strips(bitmap: ImageBitmap): Generator<Band> {
  const { width, height } = bitmap;
  const context = contextOf(new OffscreenCanvas(width, Math.min(STRIP, height)));
  for (const { top, rows } of runs(height, STRIP)) {
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -top);
    yield { top, rows, pixels: context.getImageData(0, 0, width, rows).data };
  }
}

export function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new TooLarge(canvas.width, canvas.height);
  return context;
}

/** Whether a canvas keeps what is drawn: browsers give one beyond their limits that does not. */
function holds(context: OffscreenCanvasRenderingContext2D, width: number, height: number): boolean {
  try {
    context.fillRect(width - 1, height - 1, 1, 1);
    const kept = context.getImageData(width - 1, height - 1, 1, 1).data[3] === 255;
    context.clearRect(width - 1, height - 1, 1, 1);
    return kept;
  } catch {
    return false;
  }
}

/** At most 2048 pixels long; undefined where it is no longer anyway. */
async function shrunk(source: ImageBitmap | OffscreenCanvas): Promise<ImageBitmap | undefined> {
  const scale = SMALL / Math.max(source.width, source.height);
  return scale < 1 ? resized(source, scale) : undefined;
}

export function resized(source: ImageBitmapSource & Size, scale: number): Promise<ImageBitmap> {
  return createImageBitmap(source, {
    resizeWidth: Math.max(1, Math.round(source.width * scale)),
    resizeHeight: Math.max(1, Math.round(source.height * scale)),
    resizeQuality: "high",
  });
}

interface Size {
  readonly width: number;
  readonly height: number;
}
