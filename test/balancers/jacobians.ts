/** G = J J' of task gradients, one row each. */
export const gramOf = (jacobian: number[][]): Float64Array =>
  Float64Array.from(jacobian.flatMap((a) => jacobian.map((b) => a.reduce((sum, v, k) => sum + v * b[k], 0))))

/** J' w. */
export const directionOf = (jacobian: number[][], w: ArrayLike<number>): Float64Array =>
  Float64Array.from(jacobian[0], (_, k) => jacobian.reduce((sum, row, t) => sum + w[t] * row[k], 0))
