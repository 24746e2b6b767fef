/**
 * Runs in the page before its own scripts: what Electron gives to a preload, over one binding to the stand-in, and
 * then the built preload itself. It is handed over as text (the page's policy forbids making functions from text later), so it may use nothing from outside.
 */
export type FromMain =
  { kind: 'send'; channel: string; args: unknown[]; ports: number[] } | { kind: 'port'; port: number; data: unknown }

type Preload = (require: (name: string) => unknown, process: { platform: string }, exports: object) => void

export function pageShim(preload: Preload, origin: string, platform: string): void {
  if (window.top !== window || location.origin !== origin) return
  type Listener = (event: { ports: MessagePort[] }, ...args: unknown[]) => void
  const toMain = (window as never as { standInMain(kind: string, payload: unknown): Promise<unknown> }).standInMain
  const listeners = new Map<string, Listener[]>()
  const ports = new Map<number, MessagePort>()
  const portOf = (id: number) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = ({ data }) => void toMain('port', { port: id, data })
    ports.set(id, port1)
    return port2
  }
  Object.defineProperty(window, 'standInDeliver', {
    value: (message: FromMain) => {
      if (message.kind === 'port') ports.get(message.port)?.postMessage(message.data)
      else
        for (const listener of listeners.get(message.channel) ?? [])
          listener({ ports: message.ports.map(portOf) }, ...message.args)
    },
  })
  const electron = {
    contextBridge: {
      exposeInMainWorld: (name: string, api: unknown) => Object.defineProperty(window, name, { value: api }),
    },
    ipcRenderer: {
      on: (channel: string, listener: Listener) =>
        listeners.set(channel, [...(listeners.get(channel) ?? []), listener]),
      send: (channel: string, ...args: unknown[]) => void toMain('send', { channel, args }),
      invoke: (channel: string, ...args: unknown[]) => toMain('invoke', { channel, args }),
    },
    webUtils: { getPathForFile: (file: File) => `/dropped/${file.name}` },
  }
  const require = (name: string) => {
    if (name !== 'electron') throw new Error(`a sandboxed preload cannot require ${name}`)
    return electron
  }
  preload(require, { platform }, {})
}
