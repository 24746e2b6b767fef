import type { Expr, Rule } from '../expr.ts'
import { apply, broadcastShapes, misfit, product, rule } from '../expr.ts'
import { broadcastConcrete, elements, offsets, stretchStrides, zeros } from '../value.ts'
import type { None } from './elementwise.ts'
import { reshape, transpose } from './layout.ts'

export const LINEAR = {
  /** [..., m, k] x [..., k, n] -> [..., m, n]; the leading axes broadcast. */
  matmul: rule<None>({
    type(inputs) {
      const [a, b] = inputs
      if (inputs.some((x) => x.dtype !== 'float' || x.shape.length < 2) || a.shape.at(-1) !== b.shape.at(-2))
        throw misfit('matmul', inputs, 'wants [..., m, k] and [..., k, n]')
      const lead = [a, b].map((x) => ({ ...x, shape: x.shape.slice(0, -2) }))
      return { shape: [...broadcastShapes('matmul', lead), a.shape.at(-2)!, b.shape.at(-1)!], dtype: 'float' }
    },
    vjp({ inputs: [a, b] }, g) {
      const da = matmul(g, transpose(b))
      // A weight shared by a batch of matrices: one flat product instead of a batch of them and a sum.
      if (b.shape.length === 2 && a.shape.length > 2) {
        const flat = (x: Expr) => reshape(x, [product(x.shape.slice(0, -1)), x.shape.at(-1)!])
        return [da, matmul(transpose(flat(a)), flat(g))]
      }
      return [da, matmul(transpose(a), g)]
    },
    onnx: (emit, _, inputs) => emit.node('MatMul', inputs),
    reference(_, [a, b]) {
      const [m, k] = a.shape.slice(-2)
      const n = b.shape.at(-1)!
      const lead = broadcastConcrete([a.shape.slice(0, -2), b.shape.slice(0, -2)])
      const fromA = offsets(lead, stretchStrides(a.shape.slice(0, -2), lead.length))
      const fromB = offsets(lead, stretchStrides(b.shape.slice(0, -2), lead.length))
      const out = zeros([...lead, m, n])
      for (let block = 0; block < elements(lead); block++) {
        const [p, q, o] = [fromA[block] * m * k, fromB[block] * k * n, block * m * n]
        for (let i = 0; i < m; i++)
          for (let l = 0; l < k; l++) {
            const left = a.data[p + i * k + l]
            for (let j = 0; j < n; j++) out.data[o + i * n + j] += left * b.data[q + l * n + j]
          }
      }
      return out
    },
  }),
} satisfies Record<string, Rule<never>>

/** Matrix product; the leading axes broadcast. */
export const matmul = (a: Expr, b: Expr): Expr => apply('matmul', LINEAR.matmul, [a, b], {} as None)
