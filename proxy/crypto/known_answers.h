/*
 * Known answers: published test vectors, as hexadecimal digits. Only self_test.c includes this.
 */
#ifndef SALLYPORT_CRYPTO_KNOWN_ANSWERS_H
#define SALLYPORT_CRYPTO_KNOWN_ANSWERS_H

#define HASH_TWO_BLOCKS_512                                            \
	"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno" \
	"ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"

/* An AEAD's answer, and the tag of the zeros of one record of full size and a bit. */
struct aead_answer {
	const char *key;
	const char *nonce;
	const char *ad;
	const char *plain;
	const char *sealed;
	const char *tag;
	const char *long_tag; /* of ZEROS_SIZE zeros, with the same key, nonce and ad; by OpenSSL */
};

enum { ZEROS_SIZE = 16401 };

/* The specification of GCM (McGrew and Viega), test cases 4 and 16. */
static const struct aead_answer gcm128_answer = {
	.key = "feffe9928665731c6d6a8f9467308308",
	.nonce = "cafebabefacedbaddecaf888",
	.ad = "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	.plain =
		"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e24"
		"49a6b525b16aedf5aa0de657ba637b39",
	.sealed =
		"42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5a"
		"ac84aa051ba30b396a0aac973d58e091",
	.tag = "5bc94fbc3221a5db94fae95ae7121a47",
	.long_tag = "be028df7ab2806d7b02a7afd976f500e",
};

static const struct aead_answer gcm256_answer = {
	.key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	.nonce = "cafebabefacedbaddecaf888",
	.ad = "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	.plain =
		"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e24"
		"49a6b525b16aedf5aa0de657ba637b39",
	.sealed =
		"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b10"
		"56828838c5f61e6393ba7a0abcc9f662",
	.tag = "76fc6ece0f4e1768cddf8853bb2d551b",
	.long_tag = "d128fe809995fdbe86751bf8af8fe818",
};

/* RFC 8439 §2.8.2 */
static const struct aead_answer chachapoly_answer = {
	.key = "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
	.nonce = "070000004041424344454647",
	.ad = "50515253c0c1c2c3c4c5c6c7",
	.plain =
		"4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966"
		"204920636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f72207468652066757475"
		"72652c2073756e73637265656e20776f756c642062652069742e",
	.sealed =
		"d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69"
		"da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad67594"
		"5585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116",
	.tag = "1ae10b594f09e26a7e902ecbd0600691",
	.long_tag = "4d4a6571ba8a5388d68ce66d43cc259a",
};

/* FIPS 180-4's examples of two blocks. */
static const char sha256_message[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
static const char sha256_hash[] =
	"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
static const char sha512_message[] = HASH_TWO_BLOCKS_512;
static const char sha384_hash[] =
	"09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa"
	"91746039";
static const char sha512_hash[] =
	"8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99de"
	"c4b5433ac7d329eeb6dd26545e96e55b874be909";

/* A private number, its public point, another's point, and their product. Little-endian for
 * X25519 (RFC 7748 §6.1, Bob and Alice); uncompressed for P-256 (NIST CAVP, KAS ECC CDH, the
 * first). */
struct point_answer {
	const char *number;
	const char *own;
	const char *peer;
	const char *product; /* its x */
};

static const struct point_answer x25519_answer = {
	.number = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
	.own = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
	.peer = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
	.product = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
};

static const struct point_answer p256_answer = {
	.number = "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
	.own =
		"04ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b23028af61281fd35e2fa70025"
		"23acc85a429cb06ee6648325389f59edfce1405141",
	.peer =
		"04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287db71e509e3fd9b060ddb20"
		"ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac",
	.product = "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b",
};

/* A private key (DER) and a signature of SHA-256("sample"). */
struct signature_answer {
	const char *key;
	const char *signature;
};

/* RFC 6979 A.2.5 */
static const struct signature_answer ecdsa_answer = {
	.key =
		"30770201010420c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721a00a06082a"
		"8648ce3d030107a1440342000460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29f"
		"b67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
	.signature =
		"3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716022100f7cb1c94"
		"2d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
};

/* A key made for this test, and what OpenSSL signed with it: PKCS#1 v1.5, which has no salt. */
static const struct signature_answer rsa_answer = {
	.key =
		"308204a30201000282010100b8c6fb9c4ea7c0fb5976dceb86c2fc7e6b61dbdbe1340d9b3e225a31d888872f"
		"8f72ac5f2b5ed64d95c98514264f3e11e3577477e4c4c3bf63c4b254fbc30bf11c592fc1e3d4f98b06f8a0a8"
		"6e0b809e6b4f5015bb4bf7944fe82540e8d93304ca2a9ee074e6da3376fcac0f671c23f8b55c080ddd57d3e0"
		"88482b6bc1bc8a57040ac5f498ee8b0f8c0fb421ead201394e212f8327db89f9a0fd5ceb7aeff85bec44d0a1"
		"d8c339b8a0f58dab1ec1247c7a5d96b0fd335ca4eaf78de698d6cbce3f5db0c732e649740caade02d47b9a18"
		"25e9d6c220e3d08c7c1b260ad50796a87c135307591f84941d5c6ce9f8aaa2fa4d1e4a3ce109259052d864e2"
		"9daf52ef02030100010282010007dd75257bf8e1ec6b2c52bd479283cc6a51cd88485338d822c3e2910b0ccd"
		"c3ee2c845b8481ac99a48f3ef5efd5841ce515462074272c814fa0fc26d0b7af43f1945f8b70be40c81195c2"
		"4e5bf4c86241855ac8a2bfe5d3122c34cc4902d851f6198f54835b2a347224e8ba8c62b4aa8af83f79273e60"
		"a9e9b609ccee4580b8fbb4b6d002f60b2bda8e13d9298a0e275897b38e568b6c0dc21b077c4526207a64fa26"
		"acf6ed650c8339bfde4009c679a6d65798f4af11242fb88515ba3c31644732b59399f406ce346f820b97696e"
		"61a48d39473a699faad7b3fc7b43140fe6c249b035b7f78e49caa8e56d207faf0f5b69c1301939db8bbc62db"
		"88a99abd8502818100ed6f25285befea98bae8c9de1e87a901859bcb316256918fecea8e461ab0ddb1aea78e"
		"2862fb0873c61b8b4d347a2e2ce9a5a98aaba05d4902dd66251b28f58c3d12a3eaa15b89e734cbad854fca47"
		"21bb9109cf21fa98dd2fd0185d465a51747a68c0dc543c1ed301b7be904f88989912d02229925701d0beb477"
		"ddad03e38502818100c739c65d79edc883ac567a356bdcb75f0e08434201d36752287faabda0ddb3259441e6"
		"c1b601289af05c2d0e76b300cab10d194d161e2b790b2e555151a75056da7205e345f86b247a9c2ebde1cdb2"
		"1ab32632647d32112724fd5ebf09c3b7dd7011f324d1169926aa0f9e46a12763124cc73eeb2fd93bcef806fb"
		"e8bffc84e30281802b7e319b4c040dc03e74c80db51ffa9879c6091999beebd92677ece9f097b77485ded18e"
		"9a5b0bb85170d83aa34342541dd4a7d2ec0f6b2725ac32bad757d06b0900f21fd7c0f1e8f565ddfa4e9c6a1d"
		"46c391bd6ca6fffb7c77ad0ee105486882c7cf944ca5daaba263eb377a2a3671cbdd6e749906f12130ddd41b"
		"3a473d1502818029078c03ca4d9f4306e6146b1618b1a720e3b0be5253f06e6a2ac8c61ef029a9ee9b97e383"
		"11400490c5dafda4927ef23f7e5c1c9516878b7933049d27bcd67ddca528f34280c3c8127c41e01735de9d43"
		"11f5c4de47c662926a9feda61c29acb01cf23f3dd4729c14dffc8fbd36b85f97725d51e05bd3c66f2c390b19"
		"26ef53028181008c3aca482f917c4ccbc90f22473cb8d70a09fa84b6994b38d7d86c55e713127c964acd19ae"
		"b5e79a760e4c37548f045dab101a364dc85df07c41b663651ab3e9ea9de5c71fcfaba17ed7922db4b9c24b0a"
		"9507f19aa8881283a55aeeda873a660bfac4dfa7a4e90edfcc5bf11ee0f1658ccd418597c56d6c45188d59cd"
		"386e1a",
	.signature =
		"649197ee012521e7c985e8b83e4b42071e65b4120e89cc3336837325555c77a2add113d5d18b2b3aed721406"
		"a35b8a500c19847ca063dedf3b70ce703bb930035ed2811ca3a822287a6f5bd12821949998f851041ea686e5"
		"e6312cbda2d1c97a4f73a1b1be94ec05fa356e7b4bce8dd82bda47c5c11768da3b223c394ab0648d70d16b0d"
		"6ed05386e0bfc26e1d7c3b8d71e49f756c62357433b91c144e2f5110102ebbfb556d20cc4b4fb1c7d3dde5fc"
		"cbd39ab99720c8fac54c1b9cfa787a799568332438f0c263e1a3fd5bb14a7b4573e058c89a3f2d59132f114b"
		"f1ace6f9075096b82be264708a5aa8dd2bbc3c6793417091dad36e7239ecb58969bc38b5",
};

#endif
