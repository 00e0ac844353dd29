/** Starts the page: drop and paste anywhere, and the service worker that makes it work offline. */

import { App } from "./app";
import "./style.css";

const root = document.getElementById("page");
if (!root) throw new Error("index.html has no element with the id page");
const app = new App(root);
void app.start();

const isFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;

function drag(dragging: boolean): void {
  app.state.dragging = dragging;
  app.update();
}

addEventListener("dragover", (event) => {
  if (!isFiles(event)) return;
  event.preventDefault();
  drag(true);
});

addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) drag(false);
});

addEventListener("drop", (event) => {
  if (!isFiles(event)) return;
  event.preventDefault();
  drag(false);
  void app.add([...(event.dataTransfer?.files ?? [])]);
});

addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length > 0) void app.add(files);
});

if (import.meta.env.PROD && "serviceWorker" in navigator) {
  addEventListener("load", () => {
    // Without it the page works all the same, but not offline.
    navigator.serviceWorker.register("sw.js").catch(console.warn);
  });
}
