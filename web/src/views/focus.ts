/** Where the focus goes when the button that has it is removed: with a keyboard, all depends on it. */

/**
 * Removes the row of the button that was pressed; the focus goes to the same button of the next
 * row, or of the one before, or to the button for files where no row is left.
 */
export function refocused(event: Event, remove: () => void): void {
  const row = (event.currentTarget as Element).closest("li");
  const neighbour = row?.nextElementSibling ?? row?.previousElementSibling;
  remove();
  // In the frame that draws the page without it, and behind that.
  requestAnimationFrame(() => {
    if (document.activeElement !== document.body) return; // it is somewhere else
    const next =
      neighbour?.querySelector<HTMLElement>("button:last-of-type") ??
      document.querySelector<HTMLElement>("input[type=file]");
    next?.focus();
  });
}
