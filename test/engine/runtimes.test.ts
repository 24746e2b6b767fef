import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Runtime } from '../../core/engine/index.ts'
import { compile, referenceRuntime } from '../../core/engine/index.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { CASES } from './cases.ts'
import { derivatives } from './derivatives.ts'
import { distance } from './distance.ts'
import { missing, python } from './python.ts'

/** Every case with its first and second derivative, as one program. */
const programs = Object.entries(CASES).flatMap(([op, cases]) =>
  cases.map((example, k) => {
    const { y, loss, first, second, feeds } = derivatives(example)
    const named = [...first.map((g, i) => [`g${i}`, g]), ...second.map((h, i) => [`h${i}`, h])]
    const program = compile({ y, loss, ...Object.fromEntries(named) })
    return { name: `${op} ${k}`, program, feeds }
  }),
)

for (const kind of ['native', 'wasm'] as const)
  describe(`${kind} agrees with the reference`, () => {
    let runtime: Runtime
    beforeAll(async () => {
      const opened = await openRuntime(kind)
      expect(opened.reason).toBeNull()
      runtime = opened.runtime
    })
    afterAll(() => runtime.close())
    const reference = referenceRuntime()

    for (const { name, program, feeds } of programs)
      it(name, async () => {
        const wanted = await (await reference.load(program)).run(feeds)
        const session = await runtime.load(program)
        expect(distance(await session.run(feeds), wanted)).toBeLessThan(1e-5)
        await session.release()
      })
  })

describe('files', () => {
  const lacks = missing(['onnx'])
  it.skipIf(lacks !== null)(`onnx.checker passes every program ${lacks ?? ''}`, () => {
    const script = `
import sys, json, base64, onnx
bad = []
for name, data in json.load(sys.stdin):
    try: onnx.checker.check_model(base64.b64decode(data), full_check=True)
    except Exception as error: bad.append(name + ": " + str(error)[:300])
json.dump(bad, sys.stdout)`
    const files = programs.map(({ name, program }) => [name, Buffer.from(program.onnx()).toString('base64')])
    expect(python(script, files)).toEqual([])
  })
})
