/**
 * Cholesky of a large symmetric matrix, kept as its lower triangle row by row: entry (i, j <= i) stands at
 * i (i + 1) / 2 + j. Four rows are worked on at once, so that each row above is read once for the four.
 */
export const packedLength = (n: number): number => (n * (n + 1)) / 2
const rowAt = packedLength

/** Puts L with L L' = A over A; returns false where A is not positive definite. Yields every few million products. */
export function* factorisePacked(a: Float64Array, n: number): Generator<void, boolean> {
  let products = 0
  for (let i = 0; i < n; i += 4) {
    const rows = Math.min(4, n - i)
    if (rows === 4) fourRows(a, i)
    for (let r = i; r < i + rows; r++) if (!oneRow(a, r, rows === 4 ? i : 0)) return false
    products += 2 * i * i
    if (products < 5e7) continue
    products = 0
    yield
  }
  return true
}

/** Entries (i .. i + 3, j) for all j < i. */
function fourRows(a: Float64Array, i: number): void {
  const [p, q, r, s] = [rowAt(i), rowAt(i + 1), rowAt(i + 2), rowAt(i + 3)]
  for (let j = 0; j < i; j++) {
    const from = rowAt(j)
    let [w, x, y, z] = [a[p + j], a[q + j], a[r + j], a[s + j]]
    for (let k = 0; k < j; k++) {
      const v = a[from + k]
      w -= a[p + k] * v
      x -= a[q + k] * v
      y -= a[r + k] * v
      z -= a[s + k] * v
    }
    const scale = 1 / a[from + j]
    a[p + j] = w * scale
    a[q + j] = x * scale
    a[r + j] = y * scale
    a[s + j] = z * scale
  }
}

/** Entries (i, j) for first <= j <= i. */
function oneRow(a: Float64Array, i: number, first: number): boolean {
  const own = rowAt(i)
  for (let j = first; j <= i; j++) {
    const from = rowAt(j)
    let rest = a[own + j]
    for (let k = 0; k < j; k++) rest -= a[own + k] * a[from + k]
    if (j < i) a[own + j] = rest / a[from + j]
    else if (rest > 0) a[own + i] = Math.sqrt(rest)
    else return false
  }
  return true
}

/** Puts L^-1 b over b. */
export function forwardPacked(l: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    const own = rowAt(i)
    let rest = b[i]
    for (let k = 0; k < i; k++) rest -= l[own + k] * b[k]
    b[i] = rest / l[own + i]
  }
}

/** Puts L'^-1 b over b. */
export function backwardPacked(l: Float64Array, n: number, b: Float64Array): void {
  for (let i = n - 1; i >= 0; i--) {
    const own = rowAt(i)
    const value = (b[i] /= l[own + i])
    for (let k = 0; k < i; k++) b[k] -= l[own + k] * value
  }
}

/** The lower triangle of (L L')^-1, as M'M with M = L^-1. */
export function inversePacked(l: Float64Array, n: number): Float64Array {
  const m = new Float64Array(packedLength(n))
  for (let i = 0; i < n; i++) {
    const own = rowAt(i)
    for (let k = 0; k < i; k++) {
      const share = l[own + k]
      const from = rowAt(k)
      for (let c = 0; c <= k; c++) m[own + c] -= share * m[from + c]
    }
    const scale = 1 / l[own + i]
    for (let c = 0; c < i; c++) m[own + c] *= scale
    m[own + i] = scale
  }
  const inverse = new Float64Array(packedLength(n))
  for (let r = 0; r < n; r++) {
    const own = rowAt(r)
    for (let j = 0; j <= r; j++) {
      const share = m[own + j]
      const to = rowAt(j)
      for (let k = 0; k <= j; k++) inverse[to + k] += share * m[own + k]
    }
  }
  return inverse
}
