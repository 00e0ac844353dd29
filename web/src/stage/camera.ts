/** Where a picture lies in the window: pure arithmetic, in device pixels. */

import type { Box } from "../engine/tiles";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The picture's left upper corner in the window, and device pixels for each of its own. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export const MOST = 4; // 400%
const MOST_FITTED = 2; // more would show the pixels of a small picture, not the picture

/** The whole picture, in the middle, as large as the window lets it be. */
export function fit(picture: Size, window: Size): Camera {
  const scale = Math.min(MOST_FITTED, contained(picture, window));
  return settle({ x: 0, y: 0, scale }, picture, window);
}

/** The largest scale at which all of the picture is seen. */
export function contained(picture: Size, window: Size): number {
  return Math.min(window.width / picture.width, window.height / picture.height);
}

/** The smallest scale: the whole picture is seen, or it has its own size. */
export function least(picture: Size, window: Size): number {
  return Math.min(1, contained(picture, window));
}

/** Enlarged so that what is at (x, y) of the window stays there, as far as the edges let it. */
export function zoom(
  camera: Camera,
  factor: number,
  x: number,
  y: number,
  picture: Size,
  window: Size,
): Camera {
  const scale = Math.max(least(picture, window), Math.min(MOST, camera.scale * factor));
  const ratio = scale / camera.scale;
  const moved = { scale, x: x - (x - camera.x) * ratio, y: y - (y - camera.y) * ratio };
  return settle(moved, picture, window);
}

export function pan(camera: Camera, dx: number, dy: number, picture: Size, window: Size): Camera {
  return settle({ ...camera, x: camera.x + dx, y: camera.y + dy }, picture, window);
}

/** No gap at an edge where the picture is larger than the window; else in the middle. */
export function settle(camera: Camera, picture: Size, window: Size): Camera {
  return {
    scale: camera.scale,
    x: along(camera.x, picture.width * camera.scale, window.width),
    y: along(camera.y, picture.height * camera.scale, window.height),
  };
}

function along(at: number, length: number, window: number): number {
  if (length <= window) return Math.round((window - length) / 2);
  return Math.max(window - length, Math.min(0, at));
}

/** The part of the window that the picture covers. */
export function covered({ x, y, scale }: Camera, picture: Size, window: Size): Box {
  return {
    left: Math.max(0, x),
    right: Math.min(window.width, x + picture.width * scale),
    top: Math.max(0, y),
    bottom: Math.min(window.height, y + picture.height * scale),
  };
}
