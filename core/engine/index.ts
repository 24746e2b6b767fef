/** The engine's public face. docs/engine.md has an example that runs. */
export type { Dim, Expr, Shape } from './expr.ts'
export { constant, input, range, size } from './ops/leaf.ts'
export {
  abs,
  add,
  cast,
  cos,
  div,
  equal,
  exp,
  floor,
  greater,
  log,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  relu,
  sigmoid,
  sign,
  sin,
  softplus,
  sqrt,
  square,
  stopGradient,
  sub,
  tanh,
  where,
} from './ops/elementwise.ts'
export { broadcastTo, concat, pad, reshape, reverse, slice, transpose } from './ops/layout.ts'
export { argMax, logSoftmax, logSumExp, max, mean, softmax, sum } from './ops/reduce.ts'
export { matmul } from './ops/linear.ts'
export { gather, oneHot, scatterAdd } from './ops/indexing.ts'
export { loop } from './ops/loop.ts'
export { conv2d, maxPool2d, meanPool2d } from './convolution.ts'
export { flatten, unflatten } from './flat.ts'
export { batchNorm, layerNorm } from './normalize.ts'
export { dropout, noiseKey, normal, uniform } from './noise.ts'
export { grad } from './grad.ts'
export { simplify } from './simplify.ts'
export { print } from './print.ts'
export { compile } from './compile.ts'
export { referenceRuntime } from './reference.ts'
export type { Program, Runtime, Session, Tensor } from './runtime.ts'
