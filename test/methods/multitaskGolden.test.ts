import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import { fitted, whole } from './fitted.ts'
import { tableOf } from './mulan.ts'

/** Linear multi-task methods against figures that test/golden/methods/multitask.py found by other ways. */
type Kind = 'number' | 'two' | 'three'
type Golden = {
  groups: { x: number[][]; task: number[] } & Record<Kind, number[]>
  targets: { x: number[][]; y: (number | null)[][] }
  say: Record<string, (number | number[])[]>
}
const golden = JSON.parse(readFileSync(new URL('../golden/methods/multitask.json', import.meta.url), 'utf8')) as Golden

function groups(kind: Kind) {
  const { x, task } = golden.groups
  const cells = x.map((row, i) => [...row, task[i], golden.groups[kind][i]])
  const names = [...x[0].map((_, j) => `x${j}`), 'task', kind]
  const kinds = kind === 'number' ? undefined : { [kind]: 'category' as const }
  return buildTaskSet(tableOf(names, cells), Roles.parse({ targets: [kind], task: 'task', kinds }))
}

function targets() {
  const { x, y } = golden.targets
  const names = [...x[0].map((_, j) => `x${j}`), ...y[0].map((_, t) => `y${t}`)]
  const cells = x.map((row, i) => [...row, ...y[i].map((value) => value ?? NaN)])
  return buildTaskSet(tableOf(names, cells), Roles.parse({ targets: y[0].map((_, t) => `y${t}`) }))
}

const cases: [key: string, params: Record<string, unknown>][] = [
  ['mean-regularised number 2 5', { alpha: 2, deviation: 5 }],
  ['mean-regularised number 1 0.3', { alpha: 1, deviation: 0.3 }],
  ...(['two', 'three'] as const).flatMap((kind): [string, Record<string, unknown>][] => [
    [`mean-regularised-logistic ${kind} 2 5`, { alpha: 2, deviation: 5 }],
    [`mean-regularised-logistic ${kind} 1 0.3`, { alpha: 1, deviation: 0.3 }],
    [`pooled-logistic ${kind} 0.5`, { alpha: 0.5 }],
    [`pooled-logistic-intercepts ${kind} 0.5`, { alpha: 0.5 }],
  ]),
  ['graph-regularised number complete', { alpha: 2, similarity: 5, graph: 'complete' }],
  [
    'graph-regularised number given',
    { alpha: 2, similarity: 5, graph: 'given', edges: ['0 ~ 1', '2 ~ 1: 0.5', '3 ~ 4: 1'] },
  ],
  ['graph-regularised number learned', { alpha: 2, similarity: 5 }],
  ['graph-regularised targets learned', { alpha: 2, similarity: 5 }],
  ['clustered number 2', { alpha: 2, deviation: 20, clusters: 2 }],
  ['clustered number 3', { alpha: 2, deviation: 20, clusters: 3 }],
  ['robust targets 0.1 0.85', { penalty: 0.1, apart: 0.85 }],
  ['robust targets 0.05 0.7', { penalty: 0.05, apart: 0.7 }],
  ['robust targets 0.1 1000', { penalty: 0.1, apart: 1000 }],
]

it('every figure of the golden file is looked at', () => {
  expect(cases.map(([key]) => key).sort()).toEqual(Object.keys(golden.say).sort())
})

it.each(cases)('%s', async (key, params) => {
  const [id, kind] = key.split(' ')
  const set = kind === 'targets' ? targets() : groups(kind as Kind)
  const said = await (await fitted(id, params, whole(set))).predict(whole(set))
  const wanted = golden.say[key].flat()
  const own =
    set.targets.length > 1
      ? golden.say[key].flatMap((_, i) => said.targets.map(({ values }) => values[i]))
      : [...said.targets[0].values]
  expect(own).toHaveLength(wanted.length)
  // Low rank and outliers end where a step no longer moves anything much, on either side.
  const enough = id === 'robust' ? 1e-5 : 1e-6
  own.forEach((value, i) => expect(Math.abs(value - wanted[i])).toBeLessThan(enough))
})
