/**
 * Of questions asked one after the other the last one counts: an answer that comes late must not overwrite that of a
 * newer one. `const stillAsked = next()` before the call, `if (!stillAsked()) return` after every await.
 */
export function latest(): () => () => boolean {
  let asked = 0
  return () => {
    const own = ++asked
    return () => own === asked
  }
}
