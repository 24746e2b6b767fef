import { expect, test } from 'vitest'
import type { Notice } from '../../core/contract.ts'
import { LabClient } from '../../renderer/lab/client.ts'
import type { Road } from '../../renderer/lab/client.ts'

class FakeRoad implements Road {
  open = false
  sent: { id: number; call: string; params: unknown }[] = []
  on!: Parameters<Road['listen']>[0]
  send(text: string) {
    if (this.open) this.sent.push(JSON.parse(text))
    return this.open
  }
  listen(on: Parameters<Road['listen']>[0]) {
    this.on = on
  }
  connect() {
    this.open = true
    this.on.open()
  }
  lose(final = false) {
    this.open = false
    this.on.closed(final)
  }
  answer(id: number, ok: unknown) {
    this.on.text(JSON.stringify({ id, ok }))
  }
}

const make = () => {
  const road = new FakeRoad()
  return { road, client: new LabClient(road) }
}

test('what is asked before the road is open waits for it', async () => {
  const { road, client } = make()
  const answer = client.call('data.list', {})
  expect(road.sent).toEqual([])
  road.connect()
  expect(road.sent).toEqual([{ id: 0, call: 'data.list', params: {} }])
  road.answer(0, { datasets: [] })
  expect(await answer).toEqual({ datasets: [] })
})

test('an answer that breaks its schema reaches nobody', async () => {
  const { road, client } = make()
  road.connect()
  const answer = client.call('data.list', {})
  road.answer(0, { datasets: [{ hash: 1 }] })
  await expect(answer).rejects.toThrow(/^internal: the answer to data\.list breaks its schema/)
})

test('an error keeps who, rule, got and remedy', async () => {
  const { road, client } = make()
  road.connect()
  const answer = client.call('data.get', { hash: 'x' })
  const error = { code: 'c', who: 'W', rule: 'R', got: 'G', remedy: 'M' }
  road.on.text(JSON.stringify({ id: 0, error }))
  await expect(answer).rejects.toMatchObject({ json: error })
})

test('after a loss reads are asked again, and a run that may have started is not', async () => {
  const { road, client } = make()
  road.connect()
  const read = client.call('experiment.list', {})
  const run = client.call('experiment.run', { spec: { data: { hash: 'h' }, methods: [{ id: 'ridge' }] } })
  const refused = expect(run).rejects.toMatchObject({ json: { code: 'connection-lost' } })
  road.lose()
  await refused
  road.sent = []
  road.connect()
  expect(road.sent.map((request) => request.call)).toEqual(['experiment.list'])
  road.answer(road.sent[0].id, { experiments: [] })
  expect(await read).toEqual({ experiments: [] })
})

test('a refused address ends everything that waits', async () => {
  const { road, client } = make()
  const states: string[] = []
  client.onConnection((state) => states.push(state))
  const read = client.call('data.list', {})
  const ended = expect(read).rejects.toMatchObject({ json: { code: 'connection-lost' } })
  road.lose(true)
  await ended
  expect(states).toEqual(['connecting', 'refused'])
})

test('notices reach whoever listens, until they stop', () => {
  const { road, client } = make()
  road.connect()
  const heard: Notice[] = []
  const stop = client.on((notice) => heard.push(notice))
  const notice = { type: 'runtime', kind: 'wasm', why: 'native crashed twice' }
  road.on.text(JSON.stringify({ notice }))
  stop()
  road.on.text(JSON.stringify({ notice }))
  expect(heard).toEqual([notice])
})
