import type { Middleware } from 'koa';
import helmet from 'koa-helmet';

/** On every answer, errors included (security.md H1 to H3). Pages load nothing from elsewhere and run no inline script. */
export const koaSecurityHeaders = (tls: boolean): Middleware => {
  const self = ["'self'"];
  const none = ["'none'"];
  const headers = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: none,
        scriptSrc: self,
        styleSrc: self,
        imgSrc: self,
        connectSrc: self,
        formAction: self,
        baseUri: none,
        objectSrc: none,
        frameAncestors: none,
      },
    },
    strictTransportSecurity: tls ? { maxAge: 31_536_000, includeSubDomains: true } : false,
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
  return async (ctx, next) => {
    ctx.set('Permissions-Policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()');
    if (!ctx.path.startsWith('/assets/')) ctx.set('Cache-Control', 'no-store');
    await headers(ctx, next);
  };
};
