import { EventEmitter } from 'node:events'
import { MessageChannelMain, type Port, type Wire } from './ports.ts'

/** Preloaded in a forked Node process: gives it the `process.parentPort` of a utility process. */
const send = (message: Wire) => process.send?.(message)
const ports = new Map<number, Port>()
const parentPort = Object.assign(new EventEmitter(), {
  postMessage: (data: unknown) => send({ kind: 'message', data, ports: [] }),
})
Object.defineProperty(process, 'parentPort', { value: parentPort })

process.on('message', (message: Wire) => {
  if (message.kind === 'message') parentPort.emit('message', { data: message.data, ports: message.ports.map(portOf) })
  else if (message.kind === 'port') ports.get(message.port)?.postMessage(message.data)
  else ports.get(message.port)?.close()
})
// A utility process ends with its parent.
process.on('disconnect', () => process.exit(0))

function portOf(id: number): Port {
  const { port1, port2 } = new MessageChannelMain()
  port1.on('message', ({ data }) => send({ kind: 'port', port: id, data }))
  port1.on('close', () => send({ kind: 'closed', port: id }))
  port1.start()
  ports.set(id, port1)
  return port2
}
