import { app, type Session } from 'electron';
import { isPage } from './page-address.js';

/** The page may hear the microphone; nothing else is granted to anyone. */
export function grantAudioOnly(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, decide, details) => {
    const audio = permission === 'media' && 'mediaTypes' in details && details.mediaTypes?.join() === 'audio';
    decide(audio && isPage(details.requestingUrl));
  });
  session.setPermissionCheckHandler(
    (_contents, permission, origin, details) => permission === 'media' && details.mediaType === 'audio' && isPage(origin),
  );
  session.setDevicePermissionHandler(() => false);
}

/** Whatever web contents ever come to be: they stay on the page, open no windows and embed nothing. */
export function confineContents(): void {
  app.on('web-contents-created', (_created, contents) => {
    contents.on('will-navigate', (event) => {
      if (!isPage(event.url)) event.preventDefault();
    });
    contents.on('will-redirect', (event) => {
      if (!isPage(event.url)) event.preventDefault();
    });
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
}
