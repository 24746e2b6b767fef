import { parseArgs } from 'node:util'
import type { MessagePortMain } from 'electron'
import type { z } from 'zod'
import type { Lab } from '../core/contract.ts'
import { toErrorJson } from '../core/errors.ts'
import { answer, Malformed, noticeTexts } from './dispatch.ts'
import { endCleanly } from './ending.ts'
import { openLab } from './openLab.ts'
import type { LabMessage } from './shell/labHost.ts'
import { ShellMessage } from './shell/labHost.ts'
import type { ClosableLab } from './web.ts'

/** The lab in a process of its own: Electron's utility process hands it the ports of the pages. */
const { values } = parseArgs({
  options: { workspace: { type: 'string' }, crashes: { type: 'string', default: '0' } },
})
const shell = process.parentPort
const tell = (message: z.infer<typeof LabMessage>) => shell.postMessage(message)

let lab: ClosableLab | null = null
const early: MessagePortMain[] = []

shell.on('message', (event) => {
  const message = ShellMessage.parse(event.data)
  if (message.type === 'close') void close()
  else if (lab) converse(event.ports[0], watched(lab))
  else early.push(event.ports[0])
})

try {
  lab = await openLab({
    workspace: values.workspace as string,
    host: 'desktop',
    crashes: Number(values.crashes),
  })
  const own = lab
  endCleanly(() => own.close())
  const opened = watched(lab)
  early.splice(0).forEach((port) => converse(port, opened))
  const { workspace } = await lab.call('lab.info', {})
  tell({ type: 'ready', workspace: workspace.path })
} catch (error) {
  tell({ type: 'refused', error: toErrorJson(error) })
  // Leaves a moment for the message to arrive.
  setTimeout(() => process.exit(2), 100)
}

/** The shell hears which workspace is open: a lab that is started again opens the same one. */
function watched(opened: ClosableLab): Lab {
  return {
    on: opened.on,
    async call(name, params) {
      const result = await opened.call(name, params)
      if (name === 'workspace.open') tell({ type: 'ready', workspace: (result as { path: string }).path })
      return result
    },
  }
}

function converse(port: MessagePortMain, opened: Lab): void {
  const unsubscribe = opened.on((notice) => noticeTexts(notice).forEach((text) => port.postMessage(text)))
  const hangUp = () => {
    unsubscribe()
    port.close()
  }
  port.on('close', unsubscribe)
  port.on('message', ({ data }) => {
    if (typeof data !== 'string') return hangUp()
    answer(opened, data).then(
      (texts) => texts.forEach((text) => port.postMessage(text)),
      (error) => {
        if (!(error instanceof Malformed)) throw error
        hangUp()
      },
    )
  })
  port.start()
}

async function close(): Promise<void> {
  await lab?.close()
  process.exit(0)
}
