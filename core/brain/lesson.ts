import { descend, HIDDEN, trace, WEIGHTS, getWeight, setWeight } from './xor.ts'
import type { Kind, Net, Row, Trace, WeightName } from './xor.ts'

/**
 * The lesson walks through one round of learning on one row, number by number: forward, loss, backward, update. Its
 * whole state is the weights before each round and a cursor, so stepping back is moving the cursor, and saving it is
 * writing JSON.
 */

/** A number of the round: its name in the formulas below. `new:w11` is a weight after the update. */
export type Quantity =
  `a${number}` | 'yHat' | 'loss' | 'delta' | `delta${number}` | `d:${WeightName}` | `new:${WeightName}`
export const PHASES = ['forward', 'loss', 'backward', 'update'] as const
export type Phase = (typeof PHASES)[number]
export type Step = { phase: Phase; shows: Quantity }

const hidden = Array.from({ length: HIDDEN }, (_, j) => j + 1)

/** The steps of one round in order; after the last one the next row begins with the updated weights. */
export const STEPS: readonly Step[] = [
  ...hidden.map((j): Step => ({ phase: 'forward', shows: `a${j}` })),
  { phase: 'forward', shows: 'yHat' },
  { phase: 'loss', shows: 'loss' },
  { phase: 'backward', shows: 'delta' },
  ...hidden.map((j): Step => ({ phase: 'backward', shows: `d:v${j}` as Quantity })),
  { phase: 'backward', shows: 'd:c' },
  ...hidden.flatMap((j): Step[] => [
    { phase: 'backward', shows: `delta${j}` },
    { phase: 'backward', shows: `d:w1${j}` as Quantity },
    { phase: 'backward', shows: `d:w2${j}` as Quantity },
    { phase: 'backward', shows: `d:b${j}` as Quantity },
  ]),
  ...WEIGHTS.map((name): Step => ({ phase: 'update', shows: `new:${name}` })),
]

export type Lesson = {
  kind: Kind
  rows: Row[]
  rate: number
  /** Weights before round 0, 1, 2, ...; round r is on row r modulo the number of rows. */
  rounds: Net[]
  /** `step` counts the steps already shown of `round`: 0 to STEPS.length. */
  at: { round: number; step: number }
}

/** Rounds kept for stepping back. */
const KEPT = 4000

export function begin(kind: Kind, rows: Row[], net: Net, rate = 0.5): Lesson {
  return { kind, rows, rate, rounds: [net], at: { round: 0, step: 0 } }
}

export const rowOf = (lesson: Lesson): Row => lesson.rows[lesson.at.round % lesson.rows.length]
export const netOf = (lesson: Lesson): Net => lesson.rounds[lesson.at.round]
export const traceOf = (lesson: Lesson): Trace => trace(netOf(lesson), rowOf(lesson), lesson.kind)

/** The network after this round's update. */
export const updatedNet = (lesson: Lesson): Net => descend(netOf(lesson), traceOf(lesson).grad, lesson.rate)

/** What stepping forward would show, or null at the end of a round. */
export const nextStep = (lesson: Lesson): Step | null => STEPS[lesson.at.step] ?? null
/** What was shown last, or null at the beginning of a round. */
export const shownStep = (lesson: Lesson): Step | null => STEPS[lesson.at.step - 1] ?? null

export function forward(lesson: Lesson): Lesson {
  const { round, step } = lesson.at
  if (step < STEPS.length) return { ...lesson, at: { round, step: step + 1 } }
  const rounds = lesson.rounds.length > round + 1 ? lesson.rounds : [...lesson.rounds, updatedNet(lesson)]
  return { ...lesson, rounds, at: { round: round + 1, step: 0 } }
}

export function back(lesson: Lesson): Lesson {
  const { round, step } = lesson.at
  if (step > 0) return { ...lesson, at: { round, step: step - 1 } }
  return round > 0 ? { ...lesson, at: { round: round - 1, step: STEPS.length } } : lesson
}

/** To the beginning of the round `count` further on. Only the newest rounds are kept for stepping back. */
export function skipRounds(lesson: Lesson, count: number): Lesson {
  const rounds = [...lesson.rounds]
  let round = lesson.at.round
  for (let i = 0; i < count; i++, round++) {
    if (rounds.length === round + 1) {
      const row = lesson.rows[round % lesson.rows.length]
      rounds.push(descend(rounds[round], trace(rounds[round], row, lesson.kind).grad, lesson.rate))
    }
  }
  return trimmed({ ...lesson, rounds, at: { round, step: 0 } }, KEPT)
}

/** At most about `kept` rounds; whole cycles are dropped, so that round r stays on row r modulo the number of rows. */
export function trimmed(lesson: Lesson, kept: number): Lesson {
  const most = Math.min(Math.max(0, lesson.rounds.length - kept), lesson.at.round)
  const cut = most - (most % lesson.rows.length)
  return { ...lesson, rounds: lesson.rounds.slice(cut), at: { ...lesson.at, round: lesson.at.round - cut } }
}

/** Another weight now: later rounds no longer follow from it and are forgotten. */
export function changeWeight(lesson: Lesson, name: WeightName, value: number): Lesson {
  const rounds = [...lesson.rounds.slice(0, lesson.at.round), setWeight(netOf(lesson), name, value)]
  return { ...lesson, rounds }
}

export function changeRate(lesson: Lesson, rate: number): Lesson {
  return { ...lesson, rate, rounds: lesson.rounds.slice(0, lesson.at.round + 1) }
}

export function valueOf(quantity: Quantity, lesson: Lesson): number {
  const t = traceOf(lesson)
  if (quantity === 'yHat' || quantity === 'loss' || quantity === 'delta') return t[quantity]
  if (quantity.startsWith('d:')) return getWeight(t.grad, quantity.slice(2) as WeightName)
  if (quantity.startsWith('new:')) return getWeight(updatedNet(lesson), quantity.slice(4) as WeightName)
  const j = Number(quantity.slice(-1)) - 1
  return quantity.startsWith('delta') ? t.deltaHidden[j] : t.a[j]
}

/** How near a guess was, kindly: within 5 % (or 0.02) counts as the number itself, within 30 % (or 0.15) as close. */
export type Judgement = 'right' | 'close' | 'right-sign' | 'other-sign'
export function judge(guess: number, truth: number): Judgement {
  const miss = Math.abs(guess - truth)
  if (miss <= Math.max(0.02, 0.05 * Math.abs(truth))) return 'right'
  if (miss <= Math.max(0.15, 0.3 * Math.abs(truth))) return 'close'
  return Math.sign(guess) === Math.sign(truth) ? 'right-sign' : 'other-sign'
}
