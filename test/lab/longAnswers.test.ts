import { expect, test } from 'vitest'
import type { Lab } from '../../core/contract.ts'
import { MAX_MESSAGE } from '../../core/hosts.ts'
import { answer } from '../../electron/dispatch.ts'
import { LabClient, type Road } from '../../renderer/lab/client.ts'

/** A lab whose drafts are long. */
const long = '任务 "a\\b" 🧠 '.repeat(150_000)
const lab: Lab = { call: async () => ({ value: long }) as never, on: () => () => {} }

test('a long answer travels in messages of at most a megabyte and arrives whole', async () => {
  const sizes: number[] = []
  let hear: (text: string) => void = () => {}
  const road: Road = {
    send(text) {
      void answer(lab, text).then((texts) =>
        texts.forEach((piece) => {
          sizes.push(Buffer.byteLength(piece))
          hear(piece)
        }),
      )
      return true
    },
    listen: (on) => void (hear = on.text),
  }
  const client = new LabClient(road)
  expect((await client.call('draft.get', { key: 'x' })).value).toBe(long)
  expect(sizes.length).toBeGreaterThan(4)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_MESSAGE)
})
