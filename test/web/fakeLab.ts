import { checkCall } from '../../core/checkCall.ts'
import type { Call, Lab, Notice, Params, Result } from '../../core/contract.ts'
import { UserError } from '../../core/errors.ts'

/** A lab that knows a few calls: hosts are tested without data, workers or a runtime. */
export type FakeLab = Lab & {
  calls: [Call, unknown][]
  push(notice: Notice): void
  close(): Promise<void>
  ended: boolean
}

export function createFakeLab(): FakeLab {
  const listeners = new Set<(notice: Notice) => void>()
  const drafts = new Map<string, unknown>()
  const answers: { [C in Call]?: (params: never) => unknown } = {
    'lab.info': () => ({
      version: '0.0.0',
      host: 'browser',
      runtime: { kind: 'reference', version: 'fake', why: null },
      workers: 1,
      cores: 1,
      platform: 'test',
      workspace: { path: '/tmp/fake.engram', name: 'fake', readOnly: false },
    }),
    'draft.get': ({ key }: Params<'draft.get'>) => ({ value: drafts.get(key) ?? null }),
    'draft.set': ({ key, value }: Params<'draft.set'>) => (drafts.set(key, value), { ok: true }),
    'data.list': () => ({ datasets: 'not an array' }),
    'data.get': ({ hash }: Params<'data.get'>) => {
      throw new UserError({
        code: 'no-dataset',
        who: 'The lab',
        rule: 'knows its data.',
        got: hash,
        remedy: 'Open it.',
      })
    },
    blob: () => ({ bytes: 'A'.repeat(2_000_000), size: 1_500_000 }),
  }
  const lab: FakeLab = {
    calls: [],
    ended: false,
    async call<C extends Call>(name: C, given: Params<C>): Promise<Result<C>> {
      const { params } = checkCall(name, given)
      lab.calls.push([name, params])
      const respond = answers[name]
      if (!respond) throw new Error(`internal: the fake lab knows no ${name}`)
      return respond(params as never) as Result<C>
    },
    on(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    push: (notice) => listeners.forEach((listener) => listener(notice)),
    async close() {
      lab.ended = true
    },
  }
  return lab
}
