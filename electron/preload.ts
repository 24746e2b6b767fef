import { contextBridge, ipcRenderer, webUtils } from 'electron'
import type { DesktopBridge, MenuCommand } from '../core/hosts.ts'
import { CHANNEL } from './shell/channels.ts'

/** The narrow door between page and main. It decides nothing: it hands over, in both directions. */
const waiting: MenuCommand[] = []
const listeners = new Set<(command: MenuCommand) => void>()

ipcRenderer.on(CHANNEL.command, (_event, command: MenuCommand) => {
  if (listeners.size) listeners.forEach((listener) => listener(command))
  else waiting.push(command)
})

// The port goes on to the page itself, which cannot take it over the bridge; main names the message.
ipcRenderer.on(CHANNEL.port, (event, name: string) => window.postMessage(name, '*', [...event.ports]))

const bridge: DesktopBridge = {
  platform: process.platform,
  connect: () => ipcRenderer.send(CHANNEL.connect),
  pathOf: (file) => webUtils.getPathForFile(file as File),
  onCommand(listener) {
    listeners.add(listener)
    for (const command of waiting.splice(0)) listener(command)
    return () => listeners.delete(listener)
  },
  chooseFiles: () => ipcRenderer.invoke(CHANNEL.chooseFiles),
  chooseSave: (request) => ipcRenderer.invoke(CHANNEL.chooseSave, request),
  report: (report) => ipcRenderer.send(CHANNEL.report, report),
}
contextBridge.exposeInMainWorld('engram', bridge)
