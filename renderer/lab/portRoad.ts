import { PORT_MESSAGE } from '../../core/hosts.ts'
import type { DesktopBridge } from '../../core/hosts.ts'
import type { Road } from './client.ts'

/** MessagePort to the lab process; a new one arrives unasked when the lab was started again. */
export function portRoad(window: Window, bridge: DesktopBridge): Road {
  let port: MessagePort | null = null
  return {
    send(text) {
      port?.postMessage(text)
      return port !== null
    },
    listen(on) {
      window.addEventListener('message', (event) => {
        if (event.source !== window || event.data !== PORT_MESSAGE || !event.ports[0]) return
        if (port) {
          port.close()
          on.closed(false)
        }
        port = event.ports[0]
        port.onmessage = (message) => on.text(message.data as string)
        on.open()
      })
      bridge.connect()
    },
  }
}
