import { Uploaded, WEB } from '../../core/hosts.ts'
import type { DesktopBridge } from '../../core/hosts.ts'
import type { FileRef } from '../../core/contract.ts'
import { UserError } from '../../core/errors.ts'
import { LabClient } from './client.ts'
import { portRoad } from './portRoad.ts'
import { socketRoad, takeToken } from './socketRoad.ts'

/** The lab, and the way in which this host hands it a file. */
export type Host = {
  client: LabClient
  /** Present on the desktop only: menu, dialogs, paths. */
  bridge: DesktopBridge | null
  /** `progress` is told the share of the bytes that were handed over, in [0, 1]. */
  fileRef(file: File, progress: (share: number) => void, signal: AbortSignal): Promise<FileRef>
}

export function connect(window: Window & { engram?: DesktopBridge }): Host {
  const bridge = window.engram
  if (bridge) {
    return {
      client: new LabClient(portRoad(window, bridge)),
      bridge,
      async fileRef(file) {
        const path = bridge.pathOf(file)
        if (path) {
          bridge.report({ opened: path })
          return { path }
        }
        throw new UserError({
          code: 'file-not-on-disk',
          who: file.name,
          rule: 'A file must lie on this machine.',
          got: 'something that has no path',
          remedy: 'Save it to a folder first, then drop it again.',
        })
      },
    }
  }
  const token = takeToken(window)
  return {
    client: new LabClient(socketRoad(window.location.host, token)),
    bridge: null,
    fileRef: (file, progress, signal) => upload(file, token, progress, signal),
  }
}

/** XMLHttpRequest rather than fetch: it alone tells how much of a large file has been sent. */
function upload(file: File, token: string, progress: (share: number) => void, signal: AbortSignal): Promise<FileRef> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('PUT', `${WEB.upload}?name=${encodeURIComponent(file.name)}`)
    request.setRequestHeader('authorization', `Bearer ${token}`)
    request.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 0)
    request.onload = () => {
      if (request.status < 300) return resolve(Uploaded.parse(JSON.parse(request.responseText)))
      reject(uploadError(file.name, `status ${request.status} ${request.responseText.slice(0, 200)}`))
    }
    request.onerror = () => reject(uploadError(file.name, 'no answer'))
    request.onabort = () => reject(new DOMException('cancelled', 'AbortError'))
    signal.addEventListener('abort', () => request.abort())
    request.send(file)
  })
}

function uploadError(who: string, got: string): UserError {
  return new UserError({
    code: 'upload-failed',
    who,
    rule: 'The file must reach the lab whole.',
    got,
    remedy: 'Check that the lab still runs and that the disk has room, then try again.',
  })
}
