// SPDX-License-Identifier: GPL-2.0-only
//
// Java with its keys in a token: Token CONFIGURATION CA.pem, with the PIN in $PIN. The
// token has the keys ec and rsa with certificates of that CA.

import java.io.FileInputStream;
import java.security.*;
import java.security.cert.*;
import java.security.spec.*;
import java.util.*;
import java.util.concurrent.*;
import javax.crypto.*;
import javax.net.ssl.*;

public class Token {
	static final byte[] MESSAGE = "a message".getBytes();
	static Provider provider;
	static KeyStore store;
	static X509Certificate ca;

	static void good(String what, boolean yes) {
		System.out.println(what + (yes ? " good" : " bad"));
		if (!yes)
			throw new IllegalStateException(what);
	}

	static void sign(String alias, String algorithm, AlgorithmParameterSpec parameters)
			throws Exception {
		Signature signer = Signature.getInstance(algorithm, provider);
		Signature verifier = Signature.getInstance(algorithm);
		if (parameters != null) {
			signer.setParameter(parameters);
			verifier.setParameter(parameters);
		}
		signer.initSign((PrivateKey) store.getKey(alias, null));
		signer.update(MESSAGE);
		byte[] signature = signer.sign();
		verifier.initVerify(store.getCertificate(alias).getPublicKey());
		verifier.update(MESSAGE);
		good(alias + ": " + algorithm, verifier.verify(signature));
	}

	static void decrypt(String alias, String algorithm) throws Exception {
		Cipher cipher = Cipher.getInstance(algorithm);
		cipher.init(Cipher.ENCRYPT_MODE, store.getCertificate(alias).getPublicKey());
		byte[] secret = cipher.doFinal(MESSAGE);
		cipher = Cipher.getInstance(algorithm, provider);
		cipher.init(Cipher.DECRYPT_MODE, store.getKey(alias, null));
		good(alias + ": " + algorithm, Arrays.equals(cipher.doFinal(secret), MESSAGE));
	}

	// session keys on both sides, the provider's own
	static void agree() throws Exception {
		KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
		generator.initialize(new ECGenParameterSpec("secp256r1"));
		KeyPair peer = generator.generateKeyPair();
		KeyAgreement here = KeyAgreement.getInstance("ECDH", provider);
		here.init((PrivateKey) store.getKey("ec", null));
		here.doPhase(peer.getPublic(), true);
		KeyAgreement there = KeyAgreement.getInstance("ECDH");
		there.init(peer.getPrivate());
		there.doPhase(store.getCertificate("ec").getPublicKey(), true);
		good("ECDH", Arrays.equals(here.generateSecret(), there.generateSecret()));
	}

	// both ends of a connection have their key in the token
	static void tls(String alias, String version) throws Exception {
		KeyManagerFactory factory = KeyManagerFactory.getInstance("NewSunX509");
		factory.init(new KeyStoreBuilderParameters(KeyStore.Builder.newInstance(store,
			new KeyStore.PasswordProtection(null))));
		X509ExtendedKeyManager keys = new X509ExtendedKeyManager() {
			X509ExtendedKeyManager all = (X509ExtendedKeyManager) factory.getKeyManagers()[0];
			public String[] getClientAliases(String t, Principal[] i) { return new String[] { alias }; }
			public String[] getServerAliases(String t, Principal[] i) { return new String[] { alias }; }
			public String chooseClientAlias(String[] t, Principal[] i, java.net.Socket s) { return alias; }
			public String chooseServerAlias(String t, Principal[] i, java.net.Socket s) {
				try {
					return t.startsWith(store.getKey(alias, null).getAlgorithm()) ? alias : null;
				} catch (GeneralSecurityException e) {
					return null;
				}
			}
			public X509Certificate[] getCertificateChain(String a) {
				try {
					return new X509Certificate[] { (X509Certificate) store.getCertificate(a) };
				} catch (KeyStoreException e) {
					return null;
				}
			}
			public PrivateKey getPrivateKey(String a) {
				try {
					return (PrivateKey) store.getKey(a, null);
				} catch (GeneralSecurityException e) {
					return null;
				}
			}
		};
		KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
		trusted.load(null, null);
		trusted.setCertificateEntry("ca", ca);
		TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
		trust.init(trusted);
		SSLContext context = SSLContext.getInstance(version);
		context.init(new KeyManager[] { keys }, trust.getTrustManagers(), null);
		SSLServerSocket listener = (SSLServerSocket) context.getServerSocketFactory()
			.createServerSocket(0);
		listener.setNeedClientAuth(true);
		ExecutorService threads = Executors.newSingleThreadExecutor();
		Future<Integer> server = threads.submit(() -> {
			try (SSLSocket socket = (SSLSocket) listener.accept()) {
				int c = socket.getInputStream().read();
				socket.getOutputStream().write(c + 1);
				return c;
			}
		});
		try (SSLSocket socket = (SSLSocket) context.getSocketFactory()
				.createSocket("localhost", listener.getLocalPort())) {
			socket.setEnabledProtocols(new String[] { version });
			socket.getOutputStream().write('a');
			good(alias + ": " + version, socket.getInputStream().read() == 'b' &&
				server.get() == 'a' && socket.getSession().getProtocol().equals(version));
		} finally {
			threads.shutdownNow();
		}
	}

	static void threads() throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(8);
		List<Future<Boolean>> all = new ArrayList<>();
		for (int i = 0; i < 64; i++)
			all.add(pool.submit(() -> {
				Signature signer = Signature.getInstance("SHA256withECDSA", provider);
				signer.initSign((PrivateKey) store.getKey("ec", null));
				signer.update(MESSAGE);
				byte[] signature = signer.sign();
				signer = Signature.getInstance("SHA256withECDSA");
				signer.initVerify(store.getCertificate("ec").getPublicKey());
				signer.update(MESSAGE);
				return signer.verify(signature);
			}));
		boolean yes = true;
		for (Future<Boolean> one : all)
			yes &= one.get();
		pool.shutdown();
		good("threads", yes);
	}

	public static void main(String[] words) throws Exception {
		provider = Security.getProvider("SunPKCS11").configure(words[0]);
		Security.addProvider(provider);
		store = KeyStore.getInstance("PKCS11", provider);
		store.load(null, System.getenv("PIN").toCharArray());
		try (FileInputStream file = new FileInputStream(words[1])) {
			ca = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(file);
		}
		sign("ec", "SHA256withECDSA", null);
		sign("ec", "SHA512withECDSA", null);
		sign("rsa", "SHA256withRSA", null);
		sign("rsa", "RSASSA-PSS", new PSSParameterSpec("SHA-256", "MGF1",
			MGF1ParameterSpec.SHA256, 32, 1));
		decrypt("rsa", "RSA/ECB/PKCS1Padding");
		agree();
		SecureRandom random = SecureRandom.getInstance("PKCS11", provider);
		byte[] bytes = new byte[32];
		random.nextBytes(bytes);
		good("random", !Arrays.equals(bytes, new byte[32]));
		for (String alias : new String[] { "ec", "rsa" })
			for (String version : new String[] { "TLSv1.2", "TLSv1.3" })
				tls(alias, version);
		threads();
	}
}
