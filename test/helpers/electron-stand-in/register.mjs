// Loaded before the main bundle: answers its require('electron').
import Module from 'node:module';
import * as application from './application.mjs';
import { startBrowser } from './browser.mjs';
import { takeCommands } from './control.mjs';
import { MessageChannelMain } from './ports.mjs';
import { utilityProcess } from './utility-process.mjs';
import { BrowserWindow, prepareWindows } from './window.mjs';

const { app, dialog, ipcMain, Menu, nativeImage, nativeTheme, protocol, screen, session, Tray } = application;
const electron = {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  nativeImage,
  nativeTheme,
  protocol,
  screen,
  session,
  Tray,
  utilityProcess,
};

const load = Module._load;
Module._load = function (name, ...rest) {
  return name === 'electron' ? electron : load.call(this, name, ...rest);
};

const context = await startBrowser();
prepareWindows({ context, app, ipcMain });
takeCommands();
// Electron is ready some time after the main script has run.
setImmediate(() => app.becomeReady());
