/** Small pictures for the list: each is drawn once, and given back with its item. */

import type { Desk } from "./desk";
import type { Item, State } from "./state";

const HEIGHT = 144; // pixels

export class Thumbnails {
  private readonly drawing = new Set<Item>();

  /** @param changed - Told after every change of the state. */
  constructor(
    private readonly state: State,
    private readonly desk: Desk,
    private readonly changed: () => void,
  ) {}

  /** From the file or, where only the server reads it, from what is open. */
  async draw(item: Item, file?: File): Promise<void> {
    if (item.thumbnail || this.drawing.has(item) || !this.isListed(item)) return;
    this.drawing.add(item);
    try {
      const small = await drawn(file ?? (await this.desk.sheet(item)).rainy);
      if (!this.isListed(item)) return; // nobody would give its address back
      item.thumbnail = URL.createObjectURL(small);
      this.changed();
    } catch {
      // It is told where the picture itself is read.
    } finally {
      this.drawing.delete(item);
    }
  }

  remove(item: Item): void {
    if (item.thumbnail) URL.revokeObjectURL(item.thumbnail);
  }

  private isListed(item: Item): boolean {
    return this.state.items.includes(item);
  }
}

async function drawn(source: ImageBitmapSource): Promise<Blob> {
  const small = await createImageBitmap(source, { resizeHeight: HEIGHT, resizeQuality: "medium" });
  const canvas = new OffscreenCanvas(small.width, small.height);
  canvas.getContext("bitmaprenderer")?.transferFromImageBitmap(small);
  return canvas.convertToBlob({ type: "image/webp" });
}
