import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Runtime } from '../../core/engine/runtime.ts'
import { method, paramsOf } from '../../core/methods.ts'
import { rng } from '../../core/rng.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { multiMnist } from './multiMnist.ts'

/**
 * Single-task, equal weights and balancers on two-digit Multi-MNIST: the ordering, and whether intervals separate. A
 * seed draws the pictures, the first parameters and the batches; differences are paired over seeds.
 */
const SEEDS = 5
const ROWS = { train: 4000, test: 2000 }
const BUDGET = { hidden: [128], epochs: 20, batchSize: 64, learningRate: 0.002, weightDecay: 1, patience: 0 }
const WAYS: [name: string, id: string, balancer?: string][] = [
  ['single-task', 'single-task-mlp'],
  ...['equal', 'uncertainty', 'pcgrad', 'cagrad', 'nash-mtl', 'famo', 'mgda'].map(
    (balancer): [string, string, string] => [balancer, 'hard-sharing', balancer],
  ),
]
/** 97.5 % point of Student's t with 4 degrees of freedom. */
const T4 = 2.776

let runtime: Runtime
beforeAll(async () => void (runtime = (await openRuntime('auto')).runtime))
afterAll(() => runtime.close())

/** Share of right answers of each task, in percent. */
async function accuracy(id: string, balancer: string | undefined, seed: number): Promise<[number, number]> {
  const { set, train, test } = multiMnist(rng(`pictures ${seed}`), ROWS)
  const context = { train, inner: null, rng: rng(`fit ${seed}`), runtime, resume: null, episodes: null }
  const m = method(id)
  const going = m.fit(context, paramsOf(m, { ...BUDGET, ...(balancer ? { balancer } : {}) }))
  let next = await going.next()
  while (!next.done) next = await going.next()
  const said = await next.value.predict(test)
  return said.targets.map(({ target, width, values }) => {
    const truth = set.table.columns[set.targets[target]].values
    let right = 0
    said.rows.forEach((row, i) => {
      const own = values.subarray(i * width, (i + 1) * width)
      right += Number(own.indexOf(Math.max(...own)) === truth[row])
    })
    return (100 * right) / said.rows.length
  }) as [number, number]
}

const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length
function interval(values: number[]): string {
  const centre = mean(values)
  const half =
    T4 * Math.sqrt(values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (values.length - 1) / values.length)
  return `${centre.toFixed(2)} [${(centre - half).toFixed(2)}, ${(centre + half).toFixed(2)}]`
}

it('every way reads both digits far better than chance; the table says what separates', async () => {
  const all = new Map<string, [number, number][]>(WAYS.map(([name]) => [name, []]))
  for (let seed = 1; seed <= SEEDS; seed++)
    for (const [name, id, balancer] of WAYS) all.get(name)!.push(await accuracy(id, balancer, seed))
  const equal = all.get('equal')!.map(mean)
  const lines = [...all].map(([name, found]) => ({
    name,
    left: mean(found.map(([left]) => left)),
    right: mean(found.map(([, right]) => right)),
    both: found.map(mean),
  }))
  lines.sort((a, b) => mean(b.both) - mean(a.both))
  for (const { name, left, right, both } of lines) {
    const difference = interval(both.map((value, s) => value - equal[s]))
    console.log(`| ${name} | ${left.toFixed(2)} | ${right.toFixed(2)} | ${interval(both)} | ${difference} |`)
    expect(both.length).toBe(SEEDS)
    for (const [one, other] of all.get(name)!) {
      expect(one, name).toBeGreaterThan(70)
      expect(other, name).toBeGreaterThan(70)
    }
  }
  // What was found: two networks alone read better than one that is shared, and no balancer is a point from equal weights.
  const gap = (name: string) => mean(all.get(name)!.map((found, s) => mean(found) - equal[s]))
  expect(gap('single-task')).toBeGreaterThan(0.5)
  for (const [name, id] of WAYS) if (id === 'hard-sharing') expect(Math.abs(gap(name)), name).toBeLessThan(1)
  // The same again is the same to the last digit.
  expect(await accuracy('hard-sharing', 'cagrad', 1)).toEqual(all.get('cagrad')![0])
})
