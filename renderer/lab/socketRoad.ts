import { WEB } from '../../core/hosts.ts'
import type { Road } from './client.ts'

const FIRST_WAIT = 250
const LONGEST_WAIT = 5000

/** WebSocket to the lab on this machine, opened again after a loss with growing pauses. */
export function socketRoad(host: string, token: string): Road {
  let socket: WebSocket | null = null
  let wait = FIRST_WAIT
  let on: Parameters<Road['listen']>[0]

  function open() {
    const scheme = location.protocol === 'https:' ? 'wss://' : 'ws://'
    socket = new WebSocket(scheme + host + WEB.socket, [WEB.protocol, `${WEB.protocol}.${token}`])
    socket.onopen = () => {
      wait = FIRST_WAIT
      on.open()
    }
    socket.onmessage = (event) => on.text(event.data as string)
    socket.onclose = (event) => {
      const final = event.code === WEB.closed.token
      on.closed(final)
      if (final) return
      setTimeout(open, wait)
      wait = Math.min(LONGEST_WAIT, wait * 2)
    }
  }

  return {
    send(text) {
      if (socket?.readyState !== WebSocket.OPEN) return false
      socket.send(text)
      return true
    },
    listen(listener) {
      on = listener
      open()
    },
  }
}

/** Takes the token out of the address, once, so that what is on screen can be linked without it. */
export function takeToken(window: Window): string {
  const found = /(?:^#|&)token=([^&]+)/.exec(window.location.hash)
  if (!found) return window.sessionStorage.getItem('engram.token') ?? ''
  window.sessionStorage.setItem('engram.token', found[1])
  window.history.replaceState(null, '', window.location.pathname + window.location.search)
  return found[1]
}
