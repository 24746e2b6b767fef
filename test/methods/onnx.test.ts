import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fitEncoder } from '../../core/data/encoding.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'
import { referenceRuntime } from '../../core/engine/reference.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { method, paramsOf } from '../../core/methods.ts'
import { rng } from '../../core/rng.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { mixedTargets, sites, split } from './toys.ts'

/**
 * Exported models in another program: onnx.checker and OpenCV's dnn, which shares no code with ONNX Runtime. Raw
 * encoded inputs in, predictions in the targets' own units out, compared to 1e-5 of the prediction's size.
 */
const PYTHON = '/usr/bin/python3'
const havePython = (() => {
  try {
    execFileSync(PYTHON, ['-c', 'import onnx, cv2'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

const SCRIPT = `
import sys, json, numpy as np, onnx, cv2
model, data = sys.argv[1:]
m = onnx.load(model)
onnx.checker.check_model(m, full_check=True)
x = np.array(json.load(open(data)), np.float32)
net = cv2.dnn.readNetFromONNX(model)
out = []
for row in x:
    net.setInput(row.reshape(1, -1), "x")
    out.append(net.forward().ravel().tolist())
print(json.dumps({"out": out, "meta": {p.key: p.value for p in m.metadata_props}}))
`

const cases: [string, string, TaskSet][] = [
  ['ridge', 'numbers', mixedTargets(['number'], 0)],
  ['logistic', 'classes', mixedTargets(['two', 'three'], 0)],
  ['pooled-ridge-intercepts', 'sites', sites('number')],
  ['hard-sharing', 'numbers', mixedTargets(['number'], 0)],
  ['hard-sharing', 'mixed', mixedTargets(['number', 'two', 'three'], 0)],
  ['hard-sharing', 'sites', sites('number')],
  ['single-task-mlp', 'mixed', mixedTargets(['number', 'two', 'three'], 0)],
  ['pooled-mlp', 'sites', sites('two')],
  ['maml', 'sites', sites('number')],
]

describe('exported models in OpenCV', () => {
  for (const [id, name, set] of cases)
    it.skipIf(!havePython)(`${id}, ${name}${havePython ? '' : ' (no Python with onnx and cv2)'}`, async () => {
      const runtime = (await openRuntime('auto')).runtime
      const { train, test } = split(set)
      const model = await fitted(id, train, runtime)
      const said = await model.predict(test)
      const folder = mkdtempSync(join(tmpdir(), 'engram-onnx-'))
      writeFileSync(join(folder, 'model.onnx'), model.onnx!())
      const encoder = fitEncoder(train, { taskColumn: id.endsWith('intercepts') })
      const raw = encoder.encode(set, test.rows)
      const width = encoder.names.length
      const rows = Array.from({ length: test.rows.length }, (_, i) =>
        Array.from({ length: width }, (_, j) => {
          const factor = encoder.scaling.factor[j]
          return factor ? raw[i * width + j] / factor + encoder.scaling.shift[j] : encoder.scaling.shift[j]
        }),
      )
      writeFileSync(join(folder, 'x.json'), JSON.stringify(rows))
      const answer = execFileSync(PYTHON, ['-c', SCRIPT, join(folder, 'model.onnx'), join(folder, 'x.json')])
      const { out, meta } = JSON.parse(answer.toString()) as { out: number[][]; meta: Record<string, string> }
      expect(JSON.parse(meta.inputs)).toEqual(encoder.names)
      const outputs = JSON.parse(meta.outputs) as string[]
      let compared = 0
      said.targets.forEach(({ target, width: units, values }) => {
        for (let i = 0; i < test.rows.length; i++) {
          const task = set.tasks[set.taskOf(test.rows[i], target)]
          const targetName = set.table.columns[set.targets[target]].name
          for (let k = 0; k < units; k++) {
            const suffix = task.classes ? `=${task.classes[units === 1 ? 1 : k]}` : ''
            const at = [`${task.id}${suffix}`, `${targetName}${suffix}`]
              .map((n) => outputs.indexOf(n))
              .find((n) => n >= 0)!
            const mine = values[i * units + k]
            expect(Math.abs(out[i][at] - mine) / Math.max(1, Math.abs(mine))).toBeLessThan(1e-5)
            compared++
          }
        }
      })
      expect(compared).toBeGreaterThan(30)
      await runtime.close()
    })

  it('the reference runtime, in double precision, trains to nearly the same network', async () => {
    const { train, test } = split(mixedTargets(['number'], 0))
    const { runtime } = await openRuntime('auto')
    const quick = { epochs: 10 }
    const one = await (await fitted('hard-sharing', train, runtime, quick)).predict(test)
    const two = await (await fitted('hard-sharing', train, referenceRuntime(), quick)).predict(test)
    one.targets.forEach(({ values }, t) =>
      values.forEach((value, i) => {
        const other = two.targets[t].values[i]
        expect(Math.abs(value - other) / Math.max(1, Math.abs(other))).toBeLessThan(1e-3)
      }),
    )
    await runtime.close()
  })
})

async function fitted(id: string, train: ReturnType<typeof split>['train'], runtime: Runtime, params = {}) {
  const m = method(id)
  const context = { train, inner: null, rng: rng(1), runtime, resume: null, episodes: null }
  const given =
    id === 'maml'
      ? { iterations: 50 }
      : id.includes('mlp') || id.includes('sharing')
        ? { epochs: 20, ...params }
        : params
  const going = m.fit(context, paramsOf(m, given))
  for (let next = await going.next(); ; next = await going.next()) if (next.done) return next.value
}
