import { getWeight } from './xor.ts'
import type { WeightName } from './xor.ts'
import { netOf, rowOf, traceOf, valueOf } from './lesson.ts'
import type { Lesson, Quantity } from './lesson.ts'

/**
 * A number of the lesson as mathematics: the rule in symbols, the same rule with this round's values filled in, and
 * what comes out. A piece that names another number carries its reference, so that the diagram can point to it.
 */
export type Reference = Quantity | WeightName | 'x1' | 'x2' | 'y' | 'rate' | 'o' | `z${number}`
export type Piece = { text: string; of?: Reference }
export type Formula = { name: string; symbols: Piece[]; filled: Piece[]; value: number }

const SUB = '₀₁₂₃'
const sub = (digits: string) => [...digits].map((d) => SUB[Number(d)]).join('')

/** w12 as w₁₂, delta as δ, `d:v1` as ∂L/∂v₁, `new:c` as c′. */
export function symbol(of: Reference): string {
  if (of === 'yHat') return 'ŷ'
  if (of === 'loss') return 'L'
  if (of === 'rate') return 'η'
  if (of.startsWith('d:')) return `∂L/∂${symbol(of.slice(2) as Reference)}`
  if (of.startsWith('new:')) return `${symbol(of.slice(4) as Reference)}′`
  if (of.startsWith('delta')) return `δ${sub(of.slice(5))}`
  return of[0] + sub(of.slice(1))
}

/** Three decimals, a real minus sign; small numbers keep two significant digits. */
export function figure(value: number): string {
  const size = Math.abs(value)
  const text = size === 0 ? '0' : size < 0.0005 ? value.toExponential(1) : trim(value.toFixed(size < 0.01 ? 4 : 3))
  return text.replace(/-/g, '−')
}
const trim = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)

/** The template of a rule: `{name}` stands for a number, everything else is itself. */
function template(quantity: Quantity, kind: Lesson['kind']): string {
  if (quantity === 'yHat')
    return kind === 'class' ? 'σ({v1}·{a1} + {v2}·{a2} + {v3}·{a3} + {c})' : '{v1}·{a1} + {v2}·{a2} + {v3}·{a3} + {c}'
  if (quantity === 'loss') return kind === 'class' ? '−{y}·ln {yHat} − (1 − {y})·ln(1 − {yHat})' : '½·({yHat} − {y})²'
  if (quantity === 'delta') return '{yHat} − {y}'
  if (quantity.startsWith('new:')) {
    const name = quantity.slice(4)
    return `{${name}} − {rate}·{d:${name}}`
  }
  if (quantity.startsWith('d:')) {
    const name = quantity.slice(2)
    if (name === 'c') return '{delta}'
    if (name[0] === 'v') return `{delta}·{a${name[1]}}`
    return name[0] === 'b' ? `{delta${name[1]}}` : `{delta${name[2]}}·{x${name[1]}}`
  }
  const j = quantity.slice(-1)
  if (quantity.startsWith('delta')) return `{delta}·{v${j}}·(1 − {a${j}}²)`
  return `tanh({w1${j}}·{x1} + {w2${j}}·{x2} + {b${j}})`
}

/** The value that a reference has in this round. */
export function referenceValue(of: Reference, lesson: Lesson): number {
  if (of === 'x1' || of === 'x2') return rowOf(lesson).x[of === 'x1' ? 0 : 1]
  if (of === 'y') return rowOf(lesson).y
  if (of === 'rate') return lesson.rate
  if (of === 'o') return traceOf(lesson).o
  if (/^z\d$/.test(of)) return traceOf(lesson).z[Number(of[1]) - 1]
  if (/^(w\d\d|[bv]\d|c)$/.test(of)) return getWeight(netOf(lesson), of as WeightName)
  return valueOf(of as Quantity, lesson)
}

export function formula(quantity: Quantity, lesson: Lesson): Formula {
  const parts = template(quantity, lesson.kind).split(/[{}]/)
  const pieces = (write: (of: Reference) => string): Piece[] =>
    parts
      .map((text, i): Piece => (i % 2 ? { text: write(text as Reference), of: text as Reference } : { text }))
      .filter((piece) => piece.text !== '')
  return {
    name: symbol(quantity),
    symbols: pieces(symbol),
    filled: pieces((of) => {
      const value = referenceValue(of, lesson)
      return value < 0 ? `(${figure(value)})` : figure(value)
    }),
    value: valueOf(quantity, lesson),
  }
}
