import { expect, test } from 'vitest'
import { serveLab } from '../../electron/web.ts'
import { built } from '../shell/built.ts'
import { createFakeLab } from './fakeLab.ts'

test('who is told the address may ask for the end at once', async () => {
  await built('page')
  const lab = createFakeLab()
  const said: string[] = []
  const say = (line: string) => {
    if (!said.length) process.emit('SIGTERM')
    said.push(line)
  }
  const { closed } = await serveLab({ make: async () => lab, port: 0, open: false, say })
  await closed
  expect(lab.ended).toBe(true)
  expect(said).toContain('Stopping: what runs comes to its next safe point, everything is kept.')
})
