/** Where anybody can have an address: no organization answers for it. The large providers; a small one shows itself by its DNS. */
export const PUBLIC_MAIL_DOMAINS: ReadonlySet<string> = new Set([
  'gmail.com', 'googlemail.com', 'outlook.com', 'outlook.de', 'outlook.fr', 'outlook.es', 'outlook.it', 'hotmail.com', 'hotmail.co.uk', 'hotmail.de',
  'hotmail.fr', 'hotmail.es', 'hotmail.it', 'live.com', 'live.co.uk', 'live.de', 'live.fr', 'live.nl', 'msn.com', 'passport.com', 'onmicrosoft.com',
  'yahoo.com', 'yahoo.co.uk', 'yahoo.co.in', 'yahoo.co.jp', 'yahoo.de', 'yahoo.fr', 'yahoo.es', 'yahoo.it', 'yahoo.ca', 'yahoo.com.br', 'yahoo.com.au',
  'ymail.com', 'rocketmail.com', 'myyahoo.com', 'aol.com', 'aim.com', 'icloud.com', 'me.com', 'mac.com', 'privaterelay.appleid.com', 'proton.me',
  'protonmail.com', 'protonmail.ch', 'pm.me', 'tutanota.com', 'tutanota.de', 'tutamail.com', 'tuta.io', 'tuta.com', 'gmx.com', 'gmx.de', 'gmx.net', 'gmx.at',
  'gmx.ch', 'gmx.fr', 'web.de', 't-online.de', 'freenet.de', 'posteo.de', 'mailbox.org', 'mail.com', 'email.com', 'zoho.com', 'zohomail.com', 'fastmail.com',
  'fastmail.fm', 'hey.com', 'yandex.com', 'yandex.ru', 'ya.ru', 'mail.ru', 'inbox.ru', 'list.ru', 'bk.ru', 'rambler.ru', 'qq.com', 'foxmail.com', '163.com',
  '126.com', 'yeah.net', 'sina.com', 'sina.cn', 'sohu.com', 'naver.com', 'hanmail.net', 'daum.net', 'kakao.com', 'rediffmail.com', 'orange.fr', 'wanadoo.fr',
  'laposte.net', 'free.fr', 'sfr.fr', 'libero.it', 'virgilio.it', 'tiscali.it', 'alice.it', 'terra.com.br', 'uol.com.br', 'bol.com.br', 'bigpond.com',
  'optusnet.com.au', 'btinternet.com', 'sky.com', 'virginmedia.com', 'talktalk.net', 'comcast.net', 'verizon.net', 'att.net', 'sbcglobal.net', 'bellsouth.net',
  'cox.net', 'charter.net', 'earthlink.net', 'juno.com', 'shaw.ca', 'rogers.com', 'sympatico.ca', 'telus.net', 'hushmail.com', 'guerrillamail.com',
  'mailinator.com', 'yopmail.com', 'duck.com', 'seznam.cz', 'wp.pl', 'o2.pl', 'onet.pl', 'interia.pl', 'abv.bg', 'ukr.net',
]);
