import { describe, expect, test } from 'vitest'
import { rng } from '../../core/rng.ts'
import { freshNet, getWeight, meanLoss, setWeight, trace, WEIGHTS, XOR } from '../../core/brain/xor.ts'
import type { Kind, Row } from '../../core/brain/xor.ts'
import {
  begin,
  back,
  changeWeight,
  forward,
  judge,
  netOf,
  nextStep,
  skipRounds,
  STEPS,
  updatedNet,
  valueOf,
} from '../../core/brain/lesson.ts'
import { figure, formula, referenceValue } from '../../core/brain/formula.ts'

const net = { w: [[0.5, -0.4], [1.2, 0.3], [-0.7, 0.9]], b: [0.1, -0.2, 0.05], v: [0.6, -1.1, 0.8], c: 0.15 } // prettier-ignore

describe('the 2-3-1 network', () => {
  test('forward values are those worked out by hand', () => {
    const t = trace(net, { x: [1, 0], y: 1 }, 'class')
    expect(t.z).toEqual([0.6, 1, -0.6499999999999999])
    expect(t.a[0]).toBeCloseTo(0.5370495669980353, 12)
    expect(t.o).toBeCloseTo(0.15 + 0.6 * Math.tanh(0.6) - 1.1 * Math.tanh(1) + 0.8 * Math.tanh(-0.65), 12)
    expect(t.yHat).toBeCloseTo(1 / (1 + Math.exp(-t.o)), 12)
    expect(t.loss).toBeCloseTo(-Math.log(t.yHat), 12)
  })

  test.each<[Kind, Row]>([
    ['class', { x: [1, 0], y: 1 }],
    ['class', { x: [1, 1], y: 0 }],
    ['number', { x: [-0.8, 1.7], y: 0.4 }],
  ])('the gradient equals finite differences (%s, %o)', (kind, row) => {
    const { grad } = trace(net, row, kind)
    const h = 1e-5
    for (const name of WEIGHTS) {
      const at = getWeight(net, name)
      const up = trace(setWeight(net, name, at + h), row, kind).loss
      const down = trace(setWeight(net, name, at - h), row, kind).loss
      expect(getWeight(grad, name), name).toBeCloseTo((up - down) / (2 * h), 8)
    }
  })

  test('the loss does not overflow on a confident mistake', () => {
    const sure = { ...net, c: 900 }
    expect(trace(sure, { x: [0, 0], y: 0 }, 'class').loss).toBeGreaterThan(800)
    expect(Number.isFinite(trace(sure, { x: [0, 0], y: 0 }, 'class').loss)).toBe(true)
  })

  test('plain descent learns XOR from the lesson’s own first weights', () => {
    const start = begin('class', XOR, freshNet(rng('lesson/xor/3')))
    expect(meanLoss(netOf(start), XOR, 'class')).toBeGreaterThan(0.5)
    const end = skipRounds(start, 1000)
    expect(meanLoss(netOf(end), XOR, 'class')).toBeLessThan(0.05)
    for (const row of XOR) expect(Math.round(trace(netOf(end), row, 'class').yHat)).toBe(row.y)
  })
})

describe('the lesson', () => {
  const start = begin('class', XOR, net)

  test('one round shows every hidden unit, the loss, each of 13 gradients and each of 13 new weights', () => {
    expect(STEPS.filter((s) => s.phase === 'forward').map((s) => s.shows)).toEqual(['a1', 'a2', 'a3', 'yHat'])
    expect(STEPS.filter((s) => s.shows.startsWith('d:'))).toHaveLength(13)
    expect(STEPS.filter((s) => s.phase === 'update')).toHaveLength(13)
  })

  test('back undoes forward, across rounds too, and stops at the very beginning', () => {
    let lesson = start
    for (let i = 0; i < STEPS.length + 3; i++) lesson = forward(lesson)
    expect(lesson.at).toEqual({ round: 1, step: 2 })
    expect(netOf(lesson)).toEqual(updatedNet({ ...lesson, at: { round: 0, step: 0 } }))
    for (let i = 0; i < STEPS.length + 3; i++) lesson = back(lesson)
    expect(lesson.at).toEqual(start.at)
    expect(back(lesson)).toBe(lesson)
    expect(nextStep(lesson)).toEqual({ phase: 'forward', shows: 'a1' })
  })

  test('skipping rounds equals stepping through them, and keeps memory bounded', () => {
    let stepped = start
    for (let i = 0; i < 3 * (STEPS.length + 1); i++) stepped = forward(stepped)
    expect(skipRounds(start, 3)).toEqual(stepped)
    const far = skipRounds(start, 9003)
    expect(far.rounds.length).toBeLessThanOrEqual(4004)
    expect(far.at.round % 4).toBe(9003 % 4)
  })

  test('changing a weight changes the loss at once and forgets what no longer follows', () => {
    const later = back(skipRounds(start, 2))
    const changed = changeWeight(later, 'v2', 2)
    expect(valueOf('loss', changed)).not.toBe(valueOf('loss', later))
    expect(changed.rounds).toHaveLength(2)
    expect(getWeight(netOf(changed), 'v2')).toBe(2)
    expect(getWeight(netOf(start), 'v2')).toBe(-1.1)
  })

  test('state survives JSON', () => {
    const lesson = skipRounds(start, 2)
    expect(JSON.parse(JSON.stringify(lesson))).toEqual(lesson)
  })

  test('guesses are judged kindly', () => {
    expect(judge(0.5, 0.51)).toBe('right')
    expect(judge(0.6, 0.5)).toBe('close')
    expect(judge(2, 0.5)).toBe('right-sign')
    expect(judge(-1, 0.5)).toBe('other-sign')
    expect(judge(0, 0)).toBe('right')
  })
})

describe('formulas', () => {
  const lesson = { ...begin('class', XOR, net), at: { round: 1, step: 0 }, rounds: [net, net] }
  const text = (pieces: { text: string }[]) => pieces.map((p) => p.text).join('')

  test('a hidden unit in symbols and with this row’s values', () => {
    const f = formula('a1', lesson)
    expect(`${f.name} = ${text(f.symbols)}`).toBe('a₁ = tanh(w₁₁·x₁ + w₂₁·x₂ + b₁)')
    expect(text(f.filled)).toBe('tanh(0.5·1 + (−0.4)·0 + 0.1)')
    expect(figure(f.value)).toBe('0.537')
    expect(f.filled.filter((p) => p.of).map((p) => p.of)).toEqual(['w11', 'x1', 'w21', 'x2', 'b1'])
  })

  test('backward and update', () => {
    expect(text(formula('delta2', lesson).symbols)).toBe('δ·v₂·(1 − a₂²)')
    expect(formula('d:w12', lesson).name).toBe('∂L/∂w₁₂')
    expect(text(formula('d:w12', lesson).symbols)).toBe('δ₂·x₁')
    expect(`${formula('new:v3', lesson).name} = ${text(formula('new:v3', lesson).symbols)}`).toBe('v₃′ = v₃ − η·∂L/∂v₃')
  })

  test('every filled-in formula gives its value', () => {
    for (const { shows } of STEPS) {
      const f = formula(shows, lesson)
      // Full figures instead of the rounded ones, read by the JavaScript of the formula.
      const code = f.filled
        .map((p) => (p.of ? `(${referenceValue(p.of, lesson)})` : p.text))
        .join('')
        .replace(/·/g, '*').replace(/−/g, '-').replace(/½/g, '0.5').replace(/²/g, '**2')
        .replace(/tanh/g, 'Math.tanh').replace(/σ/g, 'sigmoid').replace(/ln (\([^)]*\))/g, 'Math.log($1)').replace(/ln\(/g, 'Math.log(') // prettier-ignore
      const value = new Function('sigmoid', `return ${code}`)((o: number) => 1 / (1 + Math.exp(-o)))
      expect(value, shows).toBeCloseTo(f.value, 10)
    }
  })

  test('figures are short and keep their sign', () => {
    expect([0, 0.5, -1.25, 0.0042, 0.00001].map(figure)).toEqual(['0', '0.5', '−1.25', '0.0042', '1.0e−5'])
  })
})
