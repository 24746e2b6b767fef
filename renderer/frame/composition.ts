/**
 * Enter (and Escape, and every other key) that belongs to an input method must never submit, run or close anything.
 * One listener for the whole window, in the capture phase, keeps such keys from every handler of ours; the input
 * method itself still gets them, because the default action is left alone.
 */
export function holdComposition(target: Window): () => void {
  const hold = (event: KeyboardEvent) => {
    if (isComposing(event)) event.stopImmediatePropagation()
  }
  target.addEventListener('keydown', hold, { capture: true })
  return () => target.removeEventListener('keydown', hold, { capture: true })
}

/** 229 is what browsers report for the key that ends a composition, after `isComposing` has gone back to false. */
export function isComposing(event: Pick<KeyboardEvent, 'isComposing' | 'keyCode'>): boolean {
  return event.isComposing || event.keyCode === 229
}
