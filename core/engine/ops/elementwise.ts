import type { DType, Expr, Rule, Shape } from '../expr.ts'
import { apply, broadcastShapes, misfit, rule } from '../expr.ts'
import { constant } from './leaf.ts'
import { broadcastConcrete, map, map2, stretch } from '../value.ts'

/**
 * Operations on single numbers, with NumPy's broadcasting. Gradients are those of calculus; where a function has a
 * kink the convention is said at its row.
 */
export type None = Record<string, never>
const NONE: None = {}
/** Where an expression is wanted, a number will do. */
export type Operand = Expr | number
const lift = (x: Operand): Expr => (typeof x === 'number' ? constant(x) : x)

function floats(op: string, inputs: readonly Expr[]): { shape: Shape; dtype: DType } {
  if (inputs.some((input) => input.dtype !== 'float')) throw misfit(op, inputs, 'wants floats')
  return { shape: broadcastShapes(op, inputs), dtype: 'float' }
}

const unary = (
  onnx: string,
  f: (x: number) => number,
  vjp: (x: Expr, g: Expr, y: Expr) => Expr | null,
  write?: Rule<None>['onnx'],
): Rule<None> =>
  rule<None>({
    type: (inputs) => floats(onnx, inputs),
    vjp: (y, g) => [vjp(y.inputs[0], g, y)],
    onnx: write ?? ((emit, _, [x]) => emit.node(onnx, [x])),
    reference: (_, [x]) => map(x, f),
  })

const binary = (
  onnx: string,
  f: (a: number, b: number) => number,
  vjp: (a: Expr, b: Expr, g: Expr, y: Expr) => (Expr | null)[],
): Rule<None> =>
  rule<None>({
    type: (inputs) => floats(onnx, inputs),
    vjp: (y, g) => vjp(y.inputs[0], y.inputs[1], g, y),
    onnx: (emit, _, inputs) => emit.node(onnx, inputs),
    reference: (_, [a, b]) => map2(a, b, f),
  })

const comparison = (onnx: string, f: (a: number, b: number) => boolean): Rule<None> =>
  rule<None>({
    type(inputs) {
      const [a, b] = inputs
      if (a.dtype !== b.dtype || a.dtype === 'tuple') throw misfit(onnx, inputs, 'wants two of one type')
      return { shape: broadcastShapes(onnx, inputs), dtype: 'bool' }
    },
    vjp: () => [null, null],
    onnx: (emit, _, inputs) => emit.node(onnx, inputs),
    reference: (_, [a, b]) => map2(a, b, (x, y) => Number(f(x, y))),
  })

type Unary =
  | 'floor'
  | 'sin'
  | 'cos'
  | 'neg'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'abs'
  | 'sign'
  | 'tanh'
  | 'sigmoid'
  | 'relu'
  | 'softplus'
  | 'stopGradient'
type Binary = 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum' | 'greater' | 'equal'
type Table = { [K in Unary | Binary | 'where']: Rule<None> } & {
  pow: Rule<{ exponent: number }>
  cast: Rule<{ to: 'float' | 'int64' | 'bool' }>
}

export const ELEMENTWISE: Table = {
  add: binary(
    'Add',
    (a, b) => a + b,
    (_a, _b, g) => [g, g],
  ),
  sub: binary(
    'Sub',
    (a, b) => a - b,
    (_a, _b, g) => [g, neg(g)],
  ),
  mul: binary(
    'Mul',
    (a, b) => a * b,
    (a, b, g) => [mul(g, b), mul(g, a)],
  ),
  div: binary(
    'Div',
    (a, b) => a / b,
    (_a, b, g, y) => [div(g, b), neg(div(mul(g, y), b))],
  ),
  neg: unary(
    'Neg',
    (x) => -x,
    (_x, g) => neg(g),
  ),
  exp: unary('Exp', Math.exp, (_x, g, y) => mul(g, y)),
  log: unary('Log', Math.log, (x, g) => div(g, x)),
  sqrt: unary('Sqrt', Math.sqrt, (_x, g, y) => div(mul(g, 0.5), y)),
  /** Gradient 0 at 0. */
  abs: unary('Abs', Math.abs, (x, g) => mul(g, sign(x))),
  sign: unary('Sign', Math.sign, () => null),
  floor: unary('Floor', Math.floor, () => null),
  sin: unary('Sin', Math.sin, (x, g) => mul(g, cos(x))),
  cos: unary('Cos', Math.cos, (x, g) => neg(mul(g, sin(x)))),
  tanh: unary('Tanh', Math.tanh, (_x, g, y) => mul(g, sub(1, mul(y, y)))),
  sigmoid: unary(
    'Sigmoid',
    (x) => 1 / (1 + Math.exp(-x)),
    (_x, g, y) => mul(g, mul(y, sub(1, y))),
  ),
  /** Gradient 0 at 0. */
  relu: unary(
    'Relu',
    (x) => (x > 0 ? x : 0),
    (_x, g, y) => mul(g, cast(greater(y, 0), 'float')),
  ),
  /** log(1 + e^x) as max(x, 0) + log(1 + e^-|x|), which never overflows. */
  softplus: unary(
    'Softplus',
    (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    (x, g) => mul(g, sigmoid(x)),
    (emit, _, [x]) => {
      const small = emit.node('Exp', [emit.node('Neg', [emit.node('Abs', [x])])])
      const tail = emit.node('Log', [emit.node('Add', [small, emit.constant('float', [], [1])])])
      return emit.node('Add', [emit.node('Relu', [x]), tail])
    },
  ),
  /** x to a fixed power. */
  pow: rule<{ exponent: number }>({
    type: (inputs) => floats('pow', inputs),
    vjp: (y, g) => {
      const { exponent } = y.attrs
      return [exponent === 0 ? null : mul(g, mul(exponent, pow(y.inputs[0], exponent - 1)))]
    },
    onnx(emit, { attrs: { exponent } }, [x]) {
      if (exponent === 2) return emit.node('Mul', [x, x])
      if (exponent === 0.5) return emit.node('Sqrt', [x])
      if (exponent === -1) return emit.node('Reciprocal', [x])
      return emit.node('Pow', [x, emit.constant('float', [], [exponent])])
    },
    reference: ({ attrs: { exponent } }, [x]) => map(x, (v) => v ** exponent),
  }),
  /** Where both are equal the gradient goes to b. */
  maximum: binary('Max', Math.max, (a, b, g) => {
    const first = greater(a, b)
    return [where(first, g, 0), where(first, 0, g)]
  }),
  /** Where both are equal the gradient goes to b. */
  minimum: binary('Min', Math.min, (a, b, g) => {
    const first = greater(b, a)
    return [where(first, g, 0), where(first, 0, g)]
  }),
  greater: comparison('Greater', (a, b) => a > b),
  equal: comparison('Equal', (a, b) => a === b),
  where: rule<None>({
    type(inputs) {
      const [test, a, b] = inputs
      if (test.dtype !== 'bool' || a.dtype !== b.dtype) throw misfit('where', inputs, 'wants bool and two of one type')
      return { shape: broadcastShapes('where', inputs), dtype: a.dtype }
    },
    vjp: ({ inputs: [test] }, g) => [null, where(test, g, 0), where(test, 0, g)],
    onnx: (emit, _, inputs) => emit.node('Where', inputs),
    reference(_, [test, a, b]) {
      const shape = broadcastConcrete([test.shape, a.shape, b.shape])
      const x = stretch(a, shape).data
      const y = stretch(b, shape).data
      return { shape, data: stretch(test, shape).data.map((yes, i) => (yes ? x[i] : y[i])) }
    },
  }),
  /** To int64 cuts towards zero; to bool is "not zero". */
  cast: rule<{ to: 'float' | 'int64' | 'bool' }>({
    type: ([x], { to }) => ({ shape: x.shape, dtype: to }),
    vjp: (y, g) => [y.dtype === 'float' && y.inputs[0].dtype === 'float' ? g : null],
    onnx: (emit, { attrs: { to } }, [x]) => emit.node('Cast', [x], { to: emit.typeCode(to) }),
    reference: ({ attrs: { to } }, [x]) =>
      to === 'float' ? x : map(x, to === 'int64' ? Math.trunc : (v) => Number(v !== 0)),
  }),
  /** The value, taken as a constant by every gradient. */
  stopGradient: rule<None>({
    type: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
    vjp: () => [null],
    onnx: (_emit, _, [x]) => x,
    reference: (_, [x]) => x,
  }),
}

const one = (op: Unary) => (x: Operand) => apply(op, ELEMENTWISE[op], [lift(x)], NONE)
const two = (op: Binary) => (a: Operand, b: Operand) => apply(op, ELEMENTWISE[op], [lift(a), lift(b)], NONE)

export const add = two('add')
export const sub = two('sub')
export const mul = two('mul')
export const div = two('div')
export const neg = one('neg')
export const exp = one('exp')
export const log = one('log')
export const sqrt = one('sqrt')
export const abs = one('abs')
export const sign = one('sign')
export const floor = one('floor')
export const sin = one('sin')
export const cos = one('cos')
export const tanh = one('tanh')
export const sigmoid = one('sigmoid')
export const relu = one('relu')
export const softplus = one('softplus')
export const maximum = two('maximum')
export const minimum = two('minimum')
export const stopGradient = one('stopGradient')
/** a > b, as bool. */
export const greater = two('greater')
/** a = b, as bool. */
export const equal = two('equal')
export const pow = (x: Expr, exponent: number): Expr => apply('pow', ELEMENTWISE.pow, [x], { exponent })
export const square = (x: Expr): Expr => mul(x, x)
/** a where test holds, else b. */
export const where = (test: Expr, a: Operand, b: Operand): Expr =>
  apply('where', ELEMENTWISE.where, [test, lift(a), lift(b)], NONE)
export const cast = (x: Expr, to: 'float' | 'int64' | 'bool'): Expr =>
  x.dtype === to ? x : apply('cast', ELEMENTWISE.cast, [x], { to })
