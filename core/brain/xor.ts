import type { Rng } from '../rng.ts'

/**
 * The smallest network that can learn XOR, two inputs, three hidden units, one output, with every number in the open:
 *
 *   zⱼ = w₁ⱼ x₁ + w₂ⱼ x₂ + bⱼ     aⱼ = tanh zⱼ          j = 1, 2, 3
 *   o  = v₁ a₁ + v₂ a₂ + v₃ a₃ + c   ŷ = σ(o) (class) or o (number)
 *   L  = −y ln ŷ − (1−y) ln(1−ŷ)  (class)   or   ½ (ŷ − y)²  (number)
 *
 * and backwards, the same for both kinds because each loss fits its output: δ = ŷ − y, ∂L/∂vⱼ = δ aⱼ, ∂L/∂c = δ,
 * δⱼ = δ vⱼ (1 − aⱼ²), ∂L/∂wᵢⱼ = δⱼ xᵢ, ∂L/∂bⱼ = δⱼ. Source: Rumelhart, Hinton and Williams 1986, "Learning
 * representations by back-propagating errors"; here with tanh for the hidden units.
 */
export type Net = {
  /** [hidden 3, input 2] */
  w: number[][]
  /** [hidden 3] */
  b: number[]
  /** [hidden 3] */
  v: number[]
  c: number
}

/** One row: two inputs, and the wanted output (0 or 1 for a class, any scaled number otherwise). */
export type Row = { x: [number, number]; y: number }
export type Kind = 'class' | 'number'

/** Everything the network computes on one row, forwards and backwards. */
export type Trace = {
  /** [hidden] sums and activations */
  z: number[]
  a: number[]
  /** The output before and after its squash, and the loss. */
  o: number
  yHat: number
  loss: number
  /** Error signals: of the output, and of each hidden unit. */
  delta: number
  deltaHidden: number[]
  /** The gradient of the loss, in the shape of the network. */
  grad: Net
}

export const HIDDEN = 3
/** The row with two ones comes first: there every weight has a part in the answer. */
export const XOR: Row[] = [
  { x: [1, 1], y: 0 },
  { x: [1, 0], y: 1 },
  { x: [0, 1], y: 1 },
  { x: [0, 0], y: 0 },
]

/** Small random weights, biases zero: the same for the same stream. */
export function freshNet(rng: Rng): Net {
  const draw = () => round2(0.8 * rng.normal())
  return {
    w: Array.from({ length: HIDDEN }, () => [draw(), draw()]),
    b: [0, 0, 0],
    v: Array.from({ length: HIDDEN }, draw),
    c: 0,
  }
}

/** Two decimals, so that what is on screen is what is computed with. */
const round2 = (x: number) => Math.round(x * 100) / 100

export function trace(net: Net, row: Row, kind: Kind): Trace {
  const z = net.w.map((w, j) => w[0] * row.x[0] + w[1] * row.x[1] + net.b[j])
  const a = z.map(Math.tanh)
  const o = a.reduce((sum, value, j) => sum + net.v[j] * value, net.c)
  const yHat = kind === 'class' ? sigmoid(o) : o
  const loss = kind === 'class' ? logLoss(o, row.y) : 0.5 * (yHat - row.y) ** 2
  const delta = yHat - row.y
  const deltaHidden = a.map((value, j) => delta * net.v[j] * (1 - value * value))
  return {
    z,
    a,
    o,
    yHat,
    loss,
    delta,
    deltaHidden,
    grad: {
      w: deltaHidden.map((d) => [d * row.x[0], d * row.x[1]]),
      b: [...deltaHidden],
      v: a.map((value) => delta * value),
      c: delta,
    },
  }
}

/** One step of gradient descent: every weight minus rate times its gradient. */
export function descend(net: Net, grad: Net, rate: number): Net {
  return {
    w: net.w.map((row, j) => row.map((value, i) => value - rate * grad.w[j][i])),
    b: net.b.map((value, j) => value - rate * grad.b[j]),
    v: net.v.map((value, j) => value - rate * grad.v[j]),
    c: net.c - rate * grad.c,
  }
}

/** Mean loss over rows. */
export function meanLoss(net: Net, rows: readonly Row[], kind: Kind): number {
  return rows.reduce((sum, row) => sum + trace(net, row, kind).loss, 0) / rows.length
}

/** The names of the thirteen weights: `w12` goes from input 1 to hidden unit 2, `b2` and `v2` belong to unit 2. */
// prettier-ignore
export const WEIGHTS = [
  'w11', 'w21', 'b1', 'w12', 'w22', 'b2', 'w13', 'w23', 'b3', 'v1', 'v2', 'v3', 'c',
] as const
export type WeightName = (typeof WEIGHTS)[number]

export function getWeight(net: Net, name: WeightName): number {
  if (name === 'c') return net.c
  if (name[0] === 'w') return net.w[Number(name[2]) - 1][Number(name[1]) - 1]
  return net[name[0] as 'b' | 'v'][Number(name[1]) - 1]
}

export function setWeight(net: Net, name: WeightName, value: number): Net {
  const next: Net = { w: net.w.map((row) => [...row]), b: [...net.b], v: [...net.v], c: net.c }
  if (name === 'c') next.c = value
  else if (name[0] === 'w') next.w[Number(name[2]) - 1][Number(name[1]) - 1] = value
  else next[name[0] as 'b' | 'v'][Number(name[1]) - 1] = value
  return next
}

const sigmoid = (o: number) => 1 / (1 + Math.exp(-o))

/** −y ln σ(o) − (1−y) ln(1−σ(o)) without overflow: max(o, 0) − o y + ln(1 + e^−|o|). */
const logLoss = (o: number, y: number) => Math.max(o, 0) - o * y + Math.log1p(Math.exp(-Math.abs(o)))
