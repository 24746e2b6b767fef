import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { balance, firstState, learn, memoryOf } from '../../core/balancers/balancer.ts'
import type { Balancer, Given, State } from '../../core/balancers/balancer.ts'
import { balancers } from '../../core/balancers/balancers.ts'
import { rng } from '../../core/rng.ts'
import { gramOf } from './jacobians.ts'

/** One contract for every member of the list. */
const defaults = (b: Balancer) => z.object(b.params).parse({}) as Record<string, number>
const given = (jacobian: number[][], losses = jacobian.map(() => 1), epoch = 0): Given => ({
  losses: Float64Array.from(losses),
  gram: gramOf(jacobian),
  epoch,
})
const all = (tasks: number) => new Uint8Array(tasks).fill(1)

/** Ten steps of five per epoch, the losses falling. */
function steps(b: Balancer, from = 0, state: State = firstState(b, 3), present: number[] = [1, 1, 1]) {
  const weights: number[][] = []
  for (let step = from; step < 10; step++) {
    const random = rng(`step ${step}`)
    const jacobian = [0, 1, 2].map(() => [0, 1, 2, 3].map(() => random.normal()))
    const losses = [0, 1, 2].map((t) => (1 + t) * Math.exp(-0.05 * step) * (1 + 0.1 * random.uniform()))
    const here = given(jacobian, losses, Math.floor(step / 5))
    const said = balance(b, state, here, present, defaults(b), rng(`draw ${step}`))
    weights.push([...said.weights])
    const after = here.losses.map((loss) => loss * 0.99)
    state = learn(b, said.state, here.losses, after, present, defaults(b))
  }
  return { weights, state }
}

describe.each(balancers.map((b) => [b.id, b] as const))('%s', (id, b) => {
  it('says who it is, and every parameter what it does', () => {
    expect(id).toMatch(/^[a-z][a-z0-9-]*$/)
    expect(b.about).toMatch(/^.{30,}\.$/)
    expect(b.formula.length).toBeGreaterThan(5)
    expect(b.cite).toMatch(/\d{4}/)
    const line = `| ${b.name} | \`${id}\` | ${b.about} | \`${b.formula.replaceAll('|', '\\|')}\` | ${b.cite} |`
    expect(readFileSync('docs/balancers.md', 'utf8')).toContain(line)
    for (const [name, field] of Object.entries(b.params)) {
      const json = z.toJSONSchema(field as z.ZodType, { io: 'input' })
      expect(json.description, name).toEqual(expect.stringMatching(/^.{15,}\.$/))
      expect(json.default, name).toBeDefined()
      expect(json.minimum ?? json.exclusiveMinimum, name).toBeDefined()
    }
  })

  it('answers with finite weights, whatever the gradients', () => {
    const cases: [string, Given][] = [
      ['one task', given([[1, 2]])],
      ['one task of no gradient', given([[0, 0]])],
      ['no gradient at all', given([[0, 0], [0, 0]])], // prettier-ignore
      ['one without gradient', given([[0, 0], [1, 2]])], // prettier-ignore
      ['the same twice', given([[1, 2], [1, 2]])], // prettier-ignore
      ['opposite', given([[1, 2], [-1, -2]])], // prettier-ignore
      ['opposite, one longer', given([[1, 2], [-2, -4], [0, 1]])], // prettier-ignore
      ['tiny', given([[1e-9, 0], [0, 1e-9]])], // prettier-ignore
      ['huge beside tiny', given([[1e6, 0], [-1, 1e-6]])], // prettier-ignore
      ['no loss left', given([[1, 0], [0, 1]], [0, 0])], // prettier-ignore
      ['more tasks than parameters', given([[1, 0], [0.9, 0.1], [-1, 0.2], [0.1, -1], [0.3, 0.3]])], // prettier-ignore
    ]
    for (const [name, what] of cases) {
      const tasks = what.losses.length
      const { weights, state } = balance(b, firstState(b, tasks), what, all(tasks), defaults(b), rng(1))
      expect(weights.length, name).toBe(tasks)
      expect([...weights].every(Number.isFinite), `${name}: ${weights.join()}`).toBe(true)
      const next = balance(b, state, { ...what, epoch: 1 }, all(tasks), defaults(b), rng(2))
      expect([...next.weights].every(Number.isFinite), `${name}, then: ${next.weights.join()}`).toBe(true)
    }
  })

  it('is deterministic, changes nothing it is given, and goes on from what it remembers', () => {
    const whole = steps(b)
    expect(steps(b)).toEqual(whole)
    const first = firstState(b, 3)
    const before = JSON.stringify(first)
    steps(b, 0, first)
    expect(JSON.stringify(first)).toBe(before)
    let state = firstState(b, 3)
    const half: number[][] = []
    for (let step = 0; step < 10; step++) {
      // What is remembered is exactly what is declared.
      expect(Object.entries(state).map(([name, values]) => [name, values.length])).toEqual(
        expect.arrayContaining(memoryOf(b, 3)),
      )
      state = Object.fromEntries(memoryOf(b, 3).map(([name]) => [name, state[name].slice()]))
      const rest = steps(b, step, state)
      half.push(rest.weights[0])
      expect(rest.weights).toEqual(whole.weights.slice(step))
      state = oneStep(b, step, state)
    }
    expect(half).toEqual(whole.weights)
  })

  it('leaves tasks alone that a batch lacks', () => {
    const { weights, state } = steps(b, 0, firstState(b, 3), [1, 0, 1])
    const start = firstState(b, 3)
    expect(weights.every((w) => w[1] === 0 && w[0] !== 0)).toBe(true)
    for (const [name, { per }] of Object.entries(b.memory))
      if (per === 'task') expect(state[name][1]).toEqual(start[name][1])
    expect([...balance(b, start, given([[1], [1], [1]]), [0, 0, 0], defaults(b), rng(1)).weights]).toEqual([0, 0, 0])
  })

  it('does not care in which order the tasks stand', () => {
    if (id === 'rlw' || id === 'pcgrad' || id === 'gradvac') return // they draw, or take the tasks in a drawn order
    const jacobian = [[1, 0.2, -0.3], [-0.5, 1, 0.1], [0.2, -0.7, 2]] // prettier-ignore
    const turned = [2, 0, 1]
    const said = b.update(firstState(b, 3), given(jacobian, [1, 2, 3]), defaults(b), rng(1)).weights
    const other = b.update(
      firstState(b, 3),
      given(turned.map((t) => jacobian[t]), turned.map((t) => t + 1)), // prettier-ignore
      defaults(b),
      rng(1),
    ).weights
    turned.forEach((t, k) => expect(Math.abs(other[k] - said[t])).toBeLessThan(1e-9))
  })
})

/** The state after one step of `steps`. */
function oneStep(b: Balancer, step: number, state: State): State {
  const random = rng(`step ${step}`)
  const jacobian = [0, 1, 2].map(() => [0, 1, 2, 3].map(() => random.normal()))
  const losses = [0, 1, 2].map((t) => (1 + t) * Math.exp(-0.05 * step) * (1 + 0.1 * random.uniform()))
  const here = given(jacobian, losses, Math.floor(step / 5))
  const said = balance(b, state, here, [1, 1, 1], defaults(b), rng(`draw ${step}`))
  return learn(b, said.state, here.losses, here.losses.map((loss) => loss * 0.99), [1, 1, 1], defaults(b)) // prettier-ignore
}
