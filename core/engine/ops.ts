import type { Rule } from './expr.ts'
import { ELEMENTWISE } from './ops/elementwise.ts'
import { INDEXING } from './ops/indexing.ts'
import { LAYOUT } from './ops/layout.ts'
import { LEAF } from './ops/leaf.ts'
import { LINEAR } from './ops/linear.ts'
import { LOOP } from './ops/loop.ts'
import { REDUCE } from './ops/reduce.ts'

/** The one table of operations, a row each: type, gradient, ONNX, and the reference in double precision. */
export const OPS = {
  ...LEAF,
  ...ELEMENTWISE,
  ...LAYOUT,
  ...REDUCE,
  ...LINEAR,
  ...INDEXING,
  ...LOOP,
} satisfies Record<string, Rule<never>>
export type OpName = keyof typeof OPS
