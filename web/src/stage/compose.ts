/** Draws what is seen of a picture, before and after, into two canvases of the window's size. */

import type { Sheet } from "../files/sheet";
import type { Camera } from "./camera";

/** The restored picture, what was taken away, or where it differs (on grey, amplified by CSS). */
export type View = "clean" | "rain" | "difference";

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

export function drawBefore(context: CanvasRenderingContext2D, sheet: Sheet, camera: Camera): void {
  clear(context);
  drawRainy(context, sheet, camera);
}

export function drawAfter(
  context: CanvasRenderingContext2D,
  sheet: Sheet,
  camera: Camera,
  view: View,
  strength: number,
): void {
  clear(context);
  if (view !== "difference") {
    drawBlended(context, sheet, camera, strength);
    if (view === "clean") return;
    context.globalCompositeOperation = "difference";
    drawRainy(context, sheet, camera);
    return;
  }
  // (255 - rainy) / 2 + clean / 2: grey where nothing changed.
  drawRainy(context, sheet, camera);
  context.globalCompositeOperation = "difference";
  context.fillStyle = "white";
  context.fillRect(camera.x, camera.y, sheet.width * camera.scale, sheet.height * camera.scale);
  const { width, height } = context.canvas;
  const blended = new OffscreenCanvas(width, height);
  const other = blended.getContext("2d");
  if (!other) return;
  drawBlended(other, sheet, camera, strength);
  context.globalCompositeOperation = "source-over";
  context.globalAlpha = 0.5;
  context.drawImage(blended, 0, 0);
}

/** rainy + strength * (clean - rainy), which is what drawing with an alpha does. */
function drawBlended(context: Context, sheet: Sheet, camera: Camera, strength: number): void {
  drawRainy(context, sheet, camera);
  context.globalAlpha = strength;
  if (sheet.preview) {
    draw(context, sheet.preview, sheet, camera, sheet.ready, sheet.height);
  }
  const source = (camera.scale < 1 ? sheet.smallClean : undefined) ?? sheet.clean;
  if (sheet.ready > 0) draw(context, source, sheet, camera, 0, sheet.ready);
  context.globalAlpha = 1;
}

function drawRainy(context: Context, sheet: Sheet, camera: Camera): void {
  const source = (camera.scale < 1 ? sheet.smallRainy : undefined) ?? sheet.rainy;
  draw(context, source, sheet, camera, 0, sheet.height);
}

/** The rows [top, bottom) of a picture from a source that may be smaller than it. */
function draw(
  context: Context,
  source: ImageBitmap | OffscreenCanvas,
  { width, height }: Sheet,
  { x, y, scale }: Camera,
  top: number,
  bottom: number,
): void {
  const down = source.height / height;
  context.imageSmoothingEnabled = scale < 2; // pixels are pixels when they are looked at
  context.imageSmoothingQuality = "high";
  context.drawImage(
    source,
    ...[0, top * down, source.width, (bottom - top) * down],
    ...[x, y + top * scale, width * scale, (bottom - top) * scale],
  );
}

function clear(context: CanvasRenderingContext2D): void {
  context.globalCompositeOperation = "source-over";
  context.globalAlpha = 1;
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
}
