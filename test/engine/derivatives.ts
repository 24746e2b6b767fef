import type { Expr } from '../../core/engine/index.ts'
import { add, constant, grad } from '../../core/engine/index.ts'
import type { Case } from './cases.ts'
import { build, weighed } from './cases.ts'

/** Loss, first and second derivative of a case, as expressions over its inputs. */
export function derivatives(example: Case) {
  const { x, y, feeds } = build(example)
  const floats = x.filter((own) => own.dtype === 'float')
  const loss = weighed(y, 11)
  const first = grad(loss, floats)
  const slope = first.map((g, k) => weighed(g, 20 + k)).reduce((a, b) => add(a, b), constant(0) as Expr)
  return { x, floats, y, loss, first, slope, second: grad(slope, floats), feeds }
}
