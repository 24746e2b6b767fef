/**
 * Triangular factors of small symmetric matrices in plain arrays, row by row, for loops that would drown in objects.
 * Nothing is allocated.
 */

/** Puts L with L L' = A over the lower triangle of A [n, n]; false where A is not positive definite. */
export function factorise(a: Float64Array, n: number): boolean {
  for (let j = 0; j < n; j++)
    for (let k = 0; k <= j; k++) {
      let rest = a[j * n + k]
      for (let l = 0; l < k; l++) rest -= a[j * n + l] * a[k * n + l]
      if (k < j) a[j * n + k] = rest / a[k * n + k]
      else if (rest > 0) a[j * n + j] = Math.sqrt(rest)
      else return false
    }
  return true
}

/** Puts L^-1 B over B [n, width]. */
export function solveLower(l: Float64Array, n: number, b: Float64Array, width: number): void {
  for (let i = 0; i < n; i++) {
    const to = i * width
    for (let k = 0; k < i; k++) {
      const share = l[i * n + k]
      const from = k * width
      if (share !== 0) for (let c = 0; c < width; c++) b[to + c] -= share * b[from + c]
    }
    const scale = 1 / l[i * n + i]
    for (let c = 0; c < width; c++) b[to + c] *= scale
  }
}

/** Puts L'^-1 B over B [n, width]. */
export function solveUpper(l: Float64Array, n: number, b: Float64Array, width: number): void {
  for (let i = n - 1; i >= 0; i--) {
    const to = i * width
    for (let k = i + 1; k < n; k++) {
      const share = l[k * n + i]
      const from = k * width
      if (share !== 0) for (let c = 0; c < width; c++) b[to + c] -= share * b[from + c]
    }
    const scale = 1 / l[i * n + i]
    for (let c = 0; c < width; c++) b[to + c] *= scale
  }
}

/** to += factor A' A of A [rows, width], the lower triangle of `to` [width, width]. */
export function addSquare(a: Float64Array, rows: number, width: number, factor: number, to: Float64Array): void {
  for (let r = 0; r < rows; r++) {
    const from = r * width
    for (let j = 0; j < width; j++) {
      const share = factor * a[from + j]
      const at = j * width
      if (share !== 0) for (let k = 0; k <= j; k++) to[at + k] += share * a[from + k]
    }
  }
}
