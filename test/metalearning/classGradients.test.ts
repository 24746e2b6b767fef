import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { referenceRuntime } from '../../core/engine/reference.ts'
import type { Runtime, Tensor } from '../../core/engine/runtime.ts'
import type { Body } from '../../core/metalearning/classes/body.ts'
import { mamlTrainingProgram } from '../../core/metalearning/classes/mamlProgram.ts'
import { prototypeTraining } from '../../core/metalearning/classes/prototypes.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'

/** Meta-gradients of few-shot classifiers, computed by PyTorch in double precision (golden/metalearning/classes.py). */
type Case = {
  theta: number[]
  loss: number
  gradient: number[]
  supportX: number[]
  supportY: number[]
  queryX: number[]
  queryY: number[]
  body: string
  /** Absent where classes are told apart by their means. */
  steps?: number
  firstOrder?: boolean
  perQuery?: boolean
}
const golden = JSON.parse(readFileSync(new URL('../golden/metalearning/classes.json', import.meta.url), 'utf8')) as {
  tasks: number
  ways: number
  shots: number
  queries: number
  rate: number
  bodies: Record<string, Body>
  cases: Record<string, Case>
}

let native: Runtime
beforeAll(async () => {
  native = (await openRuntime('auto')).runtime
})
afterAll(() => native.close())

function programOf({ body: name, steps, firstOrder = false, perQuery = false }: Case) {
  const { ways, shots, queries } = golden
  const body = golden.bodies[name]
  const tasks = steps === undefined ? 1 : golden.tasks
  const episode = { tasks, shots: ways * shots, queries: ways * queries }
  const program =
    steps === undefined
      ? prototypeTraining(body, { ...episode, ways })
      : mamlTrainingProgram({ body, ways }, episode, { steps, firstOrder, perQuery })
  return { program, ...episode }
}

/** max |a - b| / max(1, |b|) over the gradient and the loss. */
async function distance(own: Case, runtime: Runtime): Promise<number> {
  const { program, tasks, shots, queries } = programOf(own)
  const session = await runtime.load(program)
  const tensor = (shape: number[], values: number[]): Tensor => ({
    shape,
    data: runtime.kind === 'reference' ? Float64Array.from(values) : Float32Array.from(values),
  })
  const size = own.theta.length
  const zeros = new Array<number>(size).fill(0)
  const width = own.supportX.length / (tasks * shots)
  const out = await session.run({
    theta: tensor([size], own.theta),
    m: tensor([size], zeros),
    v: tensor([size], zeros),
    t: tensor([], [0]),
    lr: tensor([1], [1]),
    innerLr: tensor([], [golden.rate]),
    supportX: tensor([1, tasks, shots, width], own.supportX),
    supportY: tensor([1, tasks, shots], own.supportY),
    queryX: tensor([1, tasks, queries, width], own.queryX),
    queryY: tensor([1, tasks, queries], own.queryY),
  })
  // Adam's first moment after one step is 0.1 g.
  const found = Array.from(out.m1.data as Float64Array, (m) => m / 0.1)
  const off = (a: number, b: number) => Math.abs(a - b) / Math.max(1, Math.abs(b))
  return Math.max(off(Number(out.loss.data[0]), own.loss), ...found.map((g, k) => off(g, own.gradient[k])))
}

describe.each(Object.keys(golden.cases))('%s', (name) => {
  it('has the meta-gradient of PyTorch to 1e-6 in the reference runtime', async () => {
    expect(await distance(golden.cases[name], referenceRuntime())).toBeLessThanOrEqual(1e-6)
  })

  it('and to 1e-5 natively', async () => {
    expect(await distance(golden.cases[name], native)).toBeLessThanOrEqual(1e-5)
  })
})
